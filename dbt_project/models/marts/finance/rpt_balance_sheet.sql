with balances as (

    select * from {{ ref('rpt_trial_balance') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

net_income as (

    select account_key from accounts
    where source_account_id = 'net_income'

),

-- The year's profit is equity already, though no account of the books holds it.
positions as (

    select
        accounting_basis,
        month_start_date,
        month_end_date,
        account_key,
        currency_code,
        balance_amount,
        implicit_amount,
        load_number
    from balances
    where classification in ('Asset', 'Liability', 'Equity')
    union all
    select
        balances.accounting_basis,
        balances.month_start_date,
        balances.month_end_date,
        net_income.account_key,
        max(balances.currency_code) as currency_code,
        sum(balances.balance_amount) as balance_amount,
        sum(balances.implicit_amount) as implicit_amount,
        max(balances.load_number) as load_number
    from balances
    cross join net_income
    where balances.classification in ('Revenue', 'Expense')
    group by 1, 2, 3, 4

)

select
    positions.accounting_basis,
    positions.month_start_date,
    positions.month_end_date,
    positions.account_key,
    accounts.account_name,
    accounts.account_type,
    accounts.classification,
    accounts.statement_section,
    accounts.section_order,
    -- As the statement shows it: assets, liabilities and equity are all positive.
    cast(positions.balance_amount * accounts.natural_sign as {{ dbt.type_numeric() }}) as amount,
    cast(positions.balance_amount as {{ dbt.type_numeric() }}) as balance_amount,
    cast(positions.implicit_amount * accounts.natural_sign as {{ dbt.type_numeric() }})
        as implicit_amount,
    positions.currency_code,
    positions.load_number
from positions
inner join accounts on positions.account_key = accounts.account_key
