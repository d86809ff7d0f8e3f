with lines as (

    select * from {{ ref('rpt_today_sales') }}

),

day_shown as (

    select
        max(sale_date) as sale_date,
        case
            when max(sale_date) < {{ clock_setting('today_date') }} then 24 -- the day is over
            else {{ hour_setting() }}
        end as current_hour
    from lines

),

-- The same weekday of the eight weeks before, of a location the weeks in which it sold.
former as (

    select hours.*
    from {{ ref('rpt_sales_hourly') }} as hours
    cross join day_shown
    where
        hours.sale_hour is not null
        and hours.sale_date < day_shown.sale_date
        and hours.sale_date >= {{ dbt.dateadd('day', -56, 'day_shown.sale_date') }}
        and hours.day_of_week_number = {{ iso_weekday('day_shown.sale_date') }}

),

former_days as (

    select
        location_key,
        count(distinct sale_date) as days_count
    from former
    group by location_key

),

usual as (

    select
        former.location_key,
        former.sale_hour,
        sum(former.net_amount) / min(former_days.days_count) as usual_amount,
        1.0 * sum(former.orders_count) / min(former_days.days_count) as usual_orders_count
    from former
    inner join former_days on former.location_key = former_days.location_key
    group by former.location_key, former.sale_hour

),

-- An order belongs to the hour of its first line, as in rpt_sales_hourly.
timed as (

    select
        lines.*,
        coalesce(
            min(case when action_type = 'order' then sale_hour end) over (partition by order_key),
            sale_hour
        ) as order_hour
    from lines

),

sold as (

    select
        location_key,
        order_hour as sale_hour,
        sum(net_amount) as net_amount,
        count(distinct case
            when action_type = 'order' and line_type = 'product' then order_key
        end) as orders_count,
        max(load_number) as load_number
    from timed
    where order_hour is not null
    group by location_key, order_hour

)

select
    day_shown.sale_date,
    coalesce(sold.sale_hour, usual.sale_hour) as sale_hour,
    coalesce(sold.location_key, usual.location_key) as location_key,
    locations.location_name,
    cast(coalesce(sold.net_amount, 0) as {{ dbt.type_numeric() }}) as net_amount,
    coalesce(sold.orders_count, 0) as orders_count,
    cast(round(coalesce(usual.usual_amount, 0), 6) as {{ dbt.type_numeric() }}) as usual_amount,
    cast(round(coalesce(usual.usual_orders_count, 0), 6) as {{ dbt.type_numeric() }})
        as usual_orders_count,
    coalesce(sold.sale_hour, usual.sale_hour) < day_shown.current_hour as is_past,
    sold.load_number
from sold
full join usual
    on sold.location_key = usual.location_key and sold.sale_hour = usual.sale_hour
cross join day_shown
left join {{ ref('dim_locations') }} as locations
    on coalesce(sold.location_key, usual.location_key) = locations.location_key
