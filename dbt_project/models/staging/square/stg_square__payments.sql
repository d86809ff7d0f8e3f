with documents as (

    select * from {{ source('raw_square', 'payments') }}

)

select
    id as source_payment_id,
    order_id as source_order_id,
    coalesce(reference_id, note_reference) as order_reference,
    _loaded_at as loaded_at
from documents
where _deleted_at is null
