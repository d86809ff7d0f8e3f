with documents as (

    select * from {{ source('raw_square', 'payments') }}

)

select
    id as source_payment_id,
    order_id as source_order_id,
    location_id as source_location_id,
    coalesce(reference_id, note_reference) as order_reference,
    lower(source_type) as payment_method,
    status,
    amount_money + coalesce(tip_money, 0) as payment_amount,
    coalesce(tip_money, 0) as tip_amount,
    amount_money_currency as currency_code,
    created_at as paid_at,
    updated_at as source_updated_at,
    _load_number as load_number
from documents
where _deleted_at is null
