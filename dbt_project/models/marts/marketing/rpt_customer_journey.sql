with visits as (

    select * from {{ ref('int_order_visits') }}

),

orders as (

    select
        orders.*,
        channels.channel_name
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('dim_channels') }} as channels on orders.channel_key = channels.channel_key
    where orders.source_system = 'shopify' and orders.is_counted

),

-- An order of the web shop without a known visit is one touchpoint that nobody saw, so that the
-- shares of all touchpoints are the net sales of all orders.
touchpoints as (

    select
        orders.order_key,
        orders.order_date,
        orders.customer_key,
        orders.net_amount,
        coalesce(visits.touchpoint_number, 1) as touchpoint_number,
        coalesce(visits.touchpoints_count, 1) as touchpoints_count,
        visits.visited_at,
        visits.days_to_conversion,
        visits.landing_page,
        visits.visit_source,
        visits.utm_medium,
        visits.utm_campaign,
        coalesce(visits.marketing_channel, 'Unknown') as marketing_channel,
        visits.source_order_id is not null as is_tracked,
        coalesce(visits.is_paid, false) as is_paid,
        greatest(orders.load_number, coalesce(visits.load_number, orders.load_number)) as load_number
    from orders
    left join visits on orders.source_order_id = visits.source_order_id
    where orders.channel_name = 'Online Store' or visits.source_order_id is not null

)

select
    order_key,
    cast(touchpoint_number as {{ dbt.type_bigint() }}) as touchpoint_number,
    cast(touchpoints_count as {{ dbt.type_bigint() }}) as touchpoints_count,
    order_date,
    customer_key,
    visited_at,
    cast(days_to_conversion as {{ dbt.type_bigint() }}) as days_to_conversion,
    visit_source,
    utm_medium,
    utm_campaign,
    landing_page,
    marketing_channel,
    is_tracked,
    is_paid,
    cast(
        case when touchpoint_number = 1 then net_amount else 0 end as {{ dbt.type_numeric() }}
    ) as first_touch_amount,
    cast(
        case when touchpoint_number = touchpoints_count then net_amount else 0 end
        as {{ dbt.type_numeric() }}
    ) as last_touch_amount,
    cast(net_amount / touchpoints_count as {{ dbt.type_numeric() }}) as linear_amount,
    load_number
from touchpoints
