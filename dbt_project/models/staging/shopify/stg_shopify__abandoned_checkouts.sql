with documents as (

    select * from {{ source('raw_shopify', 'abandoned_checkouts') }}

)

select
    id as source_checkout_id,
    customer_id as source_customer_id,
    subtotal_price as subtotal_amount,
    subtotal_price_currency as currency_code,
    created_at as checked_out_at,
    completed_at,
    _load_number as load_number
from documents
where _deleted_at is null
