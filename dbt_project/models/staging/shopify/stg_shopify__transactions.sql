with documents as (

    select * from {{ source('raw_shopify', 'orders__transactions') }}

)

select
    order_id as source_order_id,
    id as source_transaction_id,
    parent_transaction_id,
    gateway,
    kind,
    status,
    amount_set as transaction_amount,
    amount_set_currency as currency_code,
    processed_at,
    _load_number as load_number
from documents
where _is_emptied is null
