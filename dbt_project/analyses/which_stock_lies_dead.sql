-- How much money lies in stock that nobody buys?
select
    location_name,
    category_name,
    count(*) as products_count,
    sum(value_at_cost_amount) as value_at_cost_amount
from {{ ref('rpt_inventory_health') }}
where is_dead_stock
group by location_name, category_name
order by value_at_cost_amount desc
