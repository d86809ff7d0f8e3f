select
    product_key,
    location_key,
    sale_date,
    sum(quantity) as units
from {{ ref('fct_stock_sales') }}
where quantity > 0 and {{ in_last_days('sale_date', 730) }}
group by product_key, location_key, sale_date
