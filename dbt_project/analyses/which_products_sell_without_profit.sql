-- Which products sell much and earn little?
select
    products.product_name,
    products.category_name,
    sum(lines.quantity) as units,
    sum(lines.net_amount) as net_amount,
    sum(lines.net_amount) - sum(lines.cost_amount) as gross_margin_amount,
    round((sum(lines.net_amount) - sum(lines.cost_amount)) / nullif(sum(lines.net_amount), 0), 3)
        as margin_rate
from {{ ref('fct_counted_sale_lines') }} as lines
inner join {{ ref('dim_products') }} as products on lines.product_key = products.product_key
where lines.is_cost_known
group by products.product_name, products.category_name
having sum(lines.quantity) > 10
order by margin_rate
limit 20
