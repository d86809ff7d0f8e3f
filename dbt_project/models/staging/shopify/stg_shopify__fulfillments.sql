with documents as (

    select * from {{ source('raw_shopify', 'orders__fulfillments') }}

)

select
    order_id as source_order_id,
    fulfillments_position as fulfillment_position,
    location_id as source_location_id,
    status
from documents
where _is_emptied is null
