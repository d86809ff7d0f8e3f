with shares as (

    select
        order_key,
        sum(first_touch_amount) as first_touch_amount,
        sum(last_touch_amount) as last_touch_amount,
        sum(linear_amount) as linear_amount
    from {{ ref('rpt_customer_journey') }}
    group by order_key

),

orders as (

    select
        orders.order_key,
        orders.net_amount,
        channels.channel_name
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('dim_channels') }} as channels on orders.channel_key = channels.channel_key
    where orders.source_system = 'shopify' and orders.is_counted

)

select orders.order_key
from orders
left join shares on orders.order_key = shares.order_key
where
    (orders.channel_name = 'Online Store' and shares.order_key is null)
    or shares.first_touch_amount <> orders.net_amount
    or shares.last_touch_amount <> orders.net_amount
    or abs(shares.linear_amount - orders.net_amount) > 0.001
