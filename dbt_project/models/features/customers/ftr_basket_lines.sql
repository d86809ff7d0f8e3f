-- Whole orders of the last year; of very many a fixed sample, which the order's key draws. Orders
-- and products are numbered, because a text per line would take ten times the memory.
with sampled as (

    select
        order_key,
        order_date
    from {{ ref('fct_orders') }}
    where is_counted and net_amount > 0 and {{ in_last_days('order_date', 365) }}
    order by {{ dbt.hash('order_key') }}
    limit 200000

),

baskets as (

    select
        order_key,
        order_date,
        row_number() over (order by order_key) as basket
    from sampled

)

select distinct
    baskets.basket,
    baskets.order_date as basket_date,
    products.product_number
from baskets
inner join {{ ref('fct_counted_sale_lines') }} as sale_lines on baskets.order_key = sale_lines.order_key
inner join {{ ref('ftr_products') }} as products on sale_lines.product_key = products.product_key
where sale_lines.action_type = 'order' and sale_lines.line_type = 'product' and sale_lines.quantity > 0
