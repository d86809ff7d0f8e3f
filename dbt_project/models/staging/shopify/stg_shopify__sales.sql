with documents as (

    select * from {{ source('raw_shopify', 'orders__agreements__sales') }}

)

select
    order_id as source_order_id,
    agreements_position as agreement_position,
    id as source_sale_id,
    line_item_id as source_line_id,
    lower(line_type) as line_type,
    lower(action_type) as action_type,
    quantity,
    total_amount,
    total_tax_amount as tax_amount,
    total_discount_amount_before_taxes as discount_amount,
    total_amount_currency as currency_code,
    -- What the buyer saw and paid.
    total_amount_presentment as source_total_amount,
    total_amount_presentment_currency as source_currency_code
from documents
where _is_emptied is null
