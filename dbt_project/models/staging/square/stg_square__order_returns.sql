with documents as (

    select * from {{ source('raw_square', 'orders__returns') }}

)

select
    order_id as source_order_id,
    returns_position as return_position,
    source_order_id as sold_in_order_id
from documents
where _is_emptied is null
