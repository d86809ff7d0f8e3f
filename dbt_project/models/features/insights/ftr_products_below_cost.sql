select
    daily_sales.product_key,
    products.product_name,
    sum(daily_sales.known_cost_units) as units,
    sum(daily_sales.known_cost_net_amount) as net_amount,
    sum(daily_sales.cost_amount) as cost_amount
from {{ ref('fct_product_sales_daily') }} as daily_sales
inner join {{ ref('dim_products') }} as products on daily_sales.product_key = products.product_key
where {{ in_last_days('daily_sales.sale_date', 28) }}
group by 1, 2
having
    sum(daily_sales.known_cost_units) > 0
    and sum(daily_sales.cost_amount) > sum(daily_sales.known_cost_net_amount)
