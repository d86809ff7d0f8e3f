with documents as (

    select * from {{ source('raw_square', 'refunds') }}

)

select
    id as source_refund_id,
    order_id as source_order_id,
    payment_id as source_payment_id,
    location_id as source_location_id,
    lower(destination_type) as payment_method,
    status,
    amount_money as refund_amount,
    amount_money_currency as currency_code,
    created_at as refunded_at,
    updated_at as source_updated_at,
    _load_number as load_number
from documents
where _deleted_at is null
