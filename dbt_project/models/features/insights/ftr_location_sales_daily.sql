select
    daily_sales.sale_date as date_day,
    locations.location_name,
    sum(daily_sales.net_amount) as net_amount,
    sum(daily_sales.gross_amount) as gross_amount,
    sum(daily_sales.discount_amount) as discount_amount,
    sum(daily_sales.reversal_amount) as reversal_amount,
    cast(sum(daily_sales.orders_count) as {{ dbt.type_float() }}) as orders_count
from {{ ref('rpt_sales_daily') }} as daily_sales
inner join {{ ref('dim_locations') }} as locations on daily_sales.location_key = locations.location_key
where daily_sales.sale_date <= {{ feature_date() }}
group by 1, 2
