-- How many days lie between a settlement and its deposit in the books, and what is still open?
select
    source_system,
    coalesce(match_method, 'not deposited yet') as match_method,
    count(*) as payouts_count,
    sum(net_amount) as net_amount,
    round(avg({{ dbt.datediff('payout_date', 'deposit_date', 'day') }}), 1) as mean_days
from {{ ref('fct_payouts') }}
group by 1, 2
order by 1, 2
