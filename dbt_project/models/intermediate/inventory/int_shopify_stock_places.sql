with orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

fulfilled as (

    select
        source_order_id,
        min(source_location_id) as source_location_id
    from {{ ref('stg_shopify__fulfillments') }}
    where source_location_id is not null and status <> 'CANCELLED'
    group by source_order_id

),

locations as (

    select * from {{ ref('stg_shopify__locations') }}

)

select
    orders.source_order_id,
    locations.location_name
from orders
left join fulfilled on orders.source_order_id = fulfilled.source_order_id
inner join locations
    on
        coalesce(orders.source_location_id, fulfilled.source_location_id)
        = locations.source_location_id
