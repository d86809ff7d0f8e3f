with orders as (

    select * from {{ ref('fct_orders') }}
    where is_counted

),

customers as (

    select
        customer_key,
        first_order_key,
        load_number
    from {{ ref('dim_customers') }}

),

-- An order counts as a basket while something of it is still sold.
baskets as (

    select
        orders.*,
        case when orders.net_amount > 0 then 1 else 0 end as is_basket,
        case when orders.net_amount > 0 and orders.customer_key is not null then 1 else 0 end
            as is_identified,
        case when customers.first_order_key = orders.order_key then 1 else 0 end as is_first,
        greatest(orders.load_number, coalesce(customers.load_number, orders.load_number)) as newest_number
    from orders
    left join customers on orders.customer_key = customers.customer_key

),

months as (

    select
        {{ month_start('order_date') }} as month_start_date,
        location_key,
        sum(is_basket) as orders_count,
        sum(net_amount) as net_amount,
        sum(is_basket * units) as units,
        sum(is_basket * lines_count) as lines_count,
        sum(is_identified) as identified_orders_count,
        sum(is_identified * (1 - is_first)) as repeat_orders_count,
        max(newest_number) as load_number
    from baskets
    group by 1, location_key

)

select
    months.month_start_date,
    months.location_key,
    locations.location_name,
    cast(months.orders_count as {{ dbt.type_bigint() }}) as orders_count,
    cast(months.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(months.net_amount / nullif(months.orders_count, 0) as {{ dbt.type_numeric() }})
        as average_order_amount,
    cast(months.units / nullif(months.orders_count, 0) as {{ dbt.type_numeric() }})
        as units_per_order_rate,
    cast(1.0 * months.lines_count / nullif(months.orders_count, 0) as {{ dbt.type_numeric() }})
        as lines_per_order_rate,
    cast(months.identified_orders_count as {{ dbt.type_bigint() }}) as identified_orders_count,
    cast(months.repeat_orders_count as {{ dbt.type_bigint() }}) as repeat_orders_count,
    cast(
        1.0 * months.repeat_orders_count / nullif(months.identified_orders_count, 0)
        as {{ dbt.type_numeric() }}
    ) as repeat_rate,
    months.load_number
from months
left join {{ ref('dim_locations') }} as locations on months.location_key = locations.location_key
