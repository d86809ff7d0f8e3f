with documents as (

    select * from {{ source('raw_square', 'orders__tenders') }}

)

select
    order_id as source_order_id,
    type as tender_type,
    note_reference as order_reference
from documents
where _is_emptied is null
