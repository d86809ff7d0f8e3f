with days as (

    select
        sale_date,
        sum(net_amount) as net_amount,
        sum(orders_count) as orders_count
    from {{ ref('rpt_sales_daily') }}
    group by sale_date

),

hours as (

    select
        sale_date,
        sum(net_amount) as net_amount,
        sum(orders_count) as orders_count
    from {{ ref('rpt_sales_hourly') }}
    group by sale_date

)

select coalesce(days.sale_date, hours.sale_date) as sale_date
from days
full outer join hours on days.sale_date = hours.sale_date
where
    coalesce(days.net_amount, 0) <> coalesce(hours.net_amount, 0)
    or coalesce(days.orders_count, 0) <> coalesce(hours.orders_count, 0)
