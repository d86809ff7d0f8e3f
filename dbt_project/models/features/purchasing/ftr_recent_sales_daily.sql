select
    location_name,
    sale_date,
    sum(net_amount) as net_amount
from {{ ref('rpt_sales_daily') }}
where {{ in_last_days('sale_date', 182) }}
group by location_name, sale_date
