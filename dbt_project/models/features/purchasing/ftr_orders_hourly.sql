select
    location_key,
    location_name,
    sale_date,
    sale_hour,
    orders_count
from {{ ref('rpt_sales_hourly') }}
where sale_hour is not null and orders_count > 0 and {{ in_last_days('sale_date', 182) }}
