{#- The reports under the names of the marts that they are compared with. -#}
{%- set reports = {
    'ProfitAndLoss': 'profit_and_loss', 'BalanceSheet': 'balance_sheet',
    'TrialBalance': 'trial_balance',
} -%}
with report_rows as (

    select * from {{ ref('stg_quickbooks__report_rows') }}

)

select
    case report_name
        {% for name, mart in reports.items() -%}
            when '{{ name }}' then '{{ mart }}'
        {% endfor %}
    end as report_name,
    accounting_basis,
    start_date as month_start_date,
    -- The balance sheet shows the year's profit without an account.
    coalesce(source_account_id, case when report_section = 'NetIncome' then 'net_income' end)
        as source_account_id,
    max(load_number) as load_number,
    coalesce(sum(amount), 0) as reported_amount
from report_rows
group by 1, 2, 3, 4
