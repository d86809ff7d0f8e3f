-- What do the sources hold that is not counted, why, and what is it worth?
select
    source_system,
    coalesce(exclusion_reason, 'counted') as outcome,
    match_method,
    count(distinct order_key) as orders_count,
    sum(net_amount) as net_amount
from {{ ref('fct_sale_lines') }}
group by 1, 2, 3
order by 1, 4 desc
