with documents as (

    select * from {{ source('raw_square', 'refunds') }}

)

select
    id as source_refund_id,
    order_id as source_order_id,
    payment_id as source_payment_id,
    _loaded_at as loaded_at
from documents
where _deleted_at is null
