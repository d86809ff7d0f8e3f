-- Which days of the week carry each location, and by how much?
select
    days.location_name,
    dates.day_name,
    round(avg(days.net_amount), 2) as mean_net_amount,
    round(sum(days.net_amount) / sum(sum(days.net_amount)) over (partition by days.location_name), 3)
        as week_share
from {{ ref('rpt_sales_daily') }} as days
inner join {{ ref('dim_dates') }} as dates on days.sale_date = dates.date_day
where days.orders_count > 0
group by days.location_name, dates.day_name, dates.day_of_week_number
order by days.location_name, dates.day_of_week_number
