-- What does an order leave in each channel after its goods and its processing fees?
select
    channel_name,
    location_name,
    sum(orders_count) as orders_count,
    round(sum(net_amount) / nullif(sum(orders_count), 0), 2) as net_per_order_amount,
    round(sum(payment_fee_amount) / nullif(sum(known_fee_net_amount), 0), 4) as fee_rate,
    round(sum(contribution_margin_amount) / nullif(sum(known_cost_net_amount), 0), 3)
        as contribution_rate,
    round(sum(known_cost_net_amount) / nullif(sum(net_amount), 0), 3) as cost_coverage_rate,
    round(sum(contribution_margin_amount), 2) as contribution_margin_amount
from {{ ref('rpt_contribution_daily') }}
group by channel_name, location_name
order by contribution_margin_amount desc nulls last
