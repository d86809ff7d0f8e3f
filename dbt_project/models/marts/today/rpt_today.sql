with lines as (

    select * from {{ ref('rpt_today_sales') }}

),

hours as (

    select
        location_key,
        sum(usual_amount) as usual_amount,
        sum(case when is_past then usual_amount else 0 end) as usual_so_far_amount,
        sum(case when is_past then usual_orders_count else 0 end) as usual_so_far_orders_count
    from {{ ref('rpt_today_hours') }}
    group by location_key

),

day_shown as (

    select max(sale_date) as sale_date from lines

),

-- Of the shortest horizon, which is the surest.
forecasts as (

    select
        series_name as location_name,
        sale_date,
        forecast_amount
    from {{ ref('rpt_sales_forecast') }}
    where series_level = 'location' and row_type = 'forecast' and horizon_days = 7

),

sold as (

    select
        location_key,
        sum(net_amount) as net_amount,
        count(distinct case
            when action_type = 'order' and line_type = 'product' then order_key
        end) as orders_count,
        sum(quantity) as units,
        max(sold_local_at) as last_sold_local_at,
        max(load_number) as load_number
    from lines
    group by location_key

)

select
    day_shown.sale_date,
    locations.location_key,
    locations.location_name,
    cast(coalesce(sold.net_amount, 0) as {{ dbt.type_numeric() }}) as net_amount,
    coalesce(sold.orders_count, 0) as orders_count,
    cast(coalesce(sold.units, 0) as {{ dbt.type_numeric() }}) as units,
    cast(coalesce(hours.usual_so_far_amount, 0) as {{ dbt.type_numeric() }})
        as usual_so_far_amount,
    cast(coalesce(hours.usual_so_far_orders_count, 0) as {{ dbt.type_numeric() }})
        as usual_so_far_orders_count,
    cast(coalesce(hours.usual_amount, 0) as {{ dbt.type_numeric() }}) as usual_amount,
    cast(forecasts.forecast_amount as {{ dbt.type_numeric() }}) as forecast_amount,
    sold.last_sold_local_at,
    {{ dbt.current_timestamp() }} as looked_at,
    sold.load_number
from {{ ref('dim_locations') }} as locations
cross join day_shown
left join sold on locations.location_key = sold.location_key
left join hours on locations.location_key = hours.location_key
left join forecasts
    on
        locations.location_name = forecasts.location_name
        and day_shown.sale_date = forecasts.sale_date
where sold.location_key is not null or hours.location_key is not null
