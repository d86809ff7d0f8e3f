with sessions as (

    select * from {{ ref('int_web_sessions') }}

),

checkouts as (

    select * from {{ ref('int_abandoned_checkouts') }}

),

orders as (

    select
        orders.order_date,
        orders.order_key,
        orders.load_number
    from {{ ref('fct_orders') }} as orders
    inner join {{ ref('dim_channels') }} as channels on orders.channel_key = channels.channel_key
    where
        orders.source_system = 'shopify'
        and channels.channel_name = 'Online Store'
        and orders.is_counted

),

-- Shopify tells what was ordered and what was left at the checkout, and nothing before it.
checkout_days as (

    select
        checkout_date as funnel_date,
        count(*) as checkouts_count,
        0 as orders_count,
        max(load_number) as load_number
    from checkouts
    group by checkout_date
    union all
    select
        order_date as funnel_date,
        count(*) as checkouts_count,
        count(*) as orders_count,
        max(load_number) as load_number
    from orders
    group by order_date

),

steps as (

    select
        'spreadsheets' as source_system,
        session_date as funnel_date,
        channel_name,
        sum(sessions_count) as sessions_count,
        sum(add_to_carts_count) as carts_count,
        sum(checkouts_count) as checkouts_count,
        sum(orders_count) as orders_count,
        max(load_number) as load_number
    from sessions
    group by session_date, channel_name
    union all
    select
        'shopify' as source_system,
        funnel_date,
        'Online Store' as channel_name,
        null as sessions_count,
        null as carts_count,
        sum(checkouts_count) as checkouts_count,
        sum(orders_count) as orders_count,
        max(load_number) as load_number
    from checkout_days
    group by funnel_date

)

select
    funnel_date,
    source_system,
    channel_name,
    cast(sessions_count as {{ dbt.type_bigint() }}) as sessions_count,
    cast(carts_count as {{ dbt.type_bigint() }}) as carts_count,
    cast(checkouts_count as {{ dbt.type_bigint() }}) as checkouts_count,
    cast(orders_count as {{ dbt.type_bigint() }}) as orders_count,
    cast(1.0 * carts_count / nullif(sessions_count, 0) as {{ dbt.type_numeric() }}) as cart_rate,
    cast(1.0 * checkouts_count / nullif(sessions_count, 0) as {{ dbt.type_numeric() }})
        as checkout_rate,
    cast(1.0 * orders_count / nullif(sessions_count, 0) as {{ dbt.type_numeric() }})
        as conversion_rate,
    cast(1.0 * orders_count / nullif(checkouts_count, 0) as {{ dbt.type_numeric() }})
        as checkout_completion_rate,
    load_number
from steps
