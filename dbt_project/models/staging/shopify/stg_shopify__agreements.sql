with documents as (

    select * from {{ source('raw_shopify', 'orders__agreements') }}

)

select
    order_id as source_order_id,
    agreements_position as agreement_position,
    happened_at,
    reason
from documents
where _is_emptied is null
