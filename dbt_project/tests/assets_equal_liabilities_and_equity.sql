with balance_sheet as (

    select * from {{ ref('rpt_balance_sheet') }}

)

select
    accounting_basis,
    month_start_date
from balance_sheet
group by accounting_basis, month_start_date
having sum(case when classification = 'Asset' then amount else -amount end) <> 0
