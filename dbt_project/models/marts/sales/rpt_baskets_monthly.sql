with orders as (

    select * from {{ ref('fct_orders') }}
    where exclusion_reason is null

),

-- An order counts as a basket while something of it is still sold.
numbered as (

    select
        orders.*,
        case when net_amount > 0 then 1 else 0 end as is_basket,
        case when net_amount > 0 and customer_key is not null then 1 else 0 end as is_identified,
        row_number() over (
            partition by customer_key, case when net_amount > 0 then 1 else 0 end
            order by order_date, ordered_at, order_key
        ) as basket_number
    from orders

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
        sum(case when basket_number > 1 then is_identified else 0 end) as repeat_orders_count,
        max(loaded_at) as loaded_at
    from numbered
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
    months.loaded_at
from months
left join {{ ref('dim_locations') }} as locations on months.location_key = locations.location_key
