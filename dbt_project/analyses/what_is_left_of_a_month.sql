-- What do the books say is left of each month, earned and in the bank?
select
    month_start_date,
    accounting_basis,
    statement_section,
    sum(amount) as amount
from {{ ref('rpt_profit_and_loss') }}
group by 1, 2, 3
order by 1, 2, 3
