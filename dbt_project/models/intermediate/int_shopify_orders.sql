with staged as (

    select * from {{ ref('stg_shopify__orders') }}

),

orders as (

    select
        staged.*,
        case
            when deleted_at is not null then 'deleted'
            when is_test then 'test_order'
            when financial_status = 'VOIDED' then 'voided'
        end as exclusion_reason
    from staged

),

shops as (

    select
        min(time_zone) as time_zone,
        max(load_number) as load_number
    from {{ ref('stg_shopify__shops') }}

),

locations as (

    select * from {{ ref('stg_shopify__locations') }}

),

gateways as (

    select
        source_order_id,
        min(gateway) as payment_method
    from {{ ref('stg_shopify__transactions') }}
    where status = 'SUCCESS' and kind in ('SALE', 'CAPTURE', 'AUTHORIZATION')
    group by source_order_id

)

select
    orders.source_order_id,
    orders.order_name,
    orders.channel_name,
    orders.cancelled_at,
    shops.time_zone,
    coalesce(locations.location_name, 'Online Store') as location_name,
    gateways.payment_method,
    {{ customer_record_id(
        'shopify', 'coalesce(orders.source_customer_id, orders.customer_email_token)'
    ) }} as customer_record_id,
    cast({{ local_time('orders.processed_at', 'shops.time_zone') }} as date) as order_date,
    orders.exclusion_reason,
    orders.exclusion_reason is null as is_counted,
    orders.source_updated_at,
    greatest(orders.load_number, coalesce(locations.load_number, orders.load_number)) as load_number
from orders
cross join shops
left join locations on orders.source_location_id = locations.source_location_id
left join gateways on orders.source_order_id = gateways.source_order_id
