with documents as (

    select * from {{ source('raw_square', 'orders') }}

)

select
    id as source_order_id,
    location_id as source_location_id,
    customer_id as source_customer_id,
    reference_id as order_reference,
    state,
    total_money_currency as currency_code,
    total_tip_money as tip_amount,
    total_money as total_amount,
    created_at,
    closed_at,
    _deleted_at as deleted_at,
    greatest(updated_at, coalesce(_deleted_at, updated_at)) as source_updated_at,
    _load_number as load_number
from documents
