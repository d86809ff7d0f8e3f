with documents as (

    select * from {{ source('raw_square', 'orders__returns__return_tips') }}

)

select
    order_id as source_order_id,
    returns_position as return_position,
    return_tips_position as line_position,
    applied_money as tip_amount
from documents
where _is_emptied is null
