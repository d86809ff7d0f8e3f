-- Do customers whom several systems know spend more than the others?
select
    case when records_count > 1 then 'several records' else 'one record' end as customer_kind,
    count(*) as customers_count,
    round(avg(orders_count), 2) as mean_orders,
    round(avg(net_amount), 2) as mean_net_amount
from {{ ref('dim_customers') }}
where orders_count > 0
group by 1
order by 1
