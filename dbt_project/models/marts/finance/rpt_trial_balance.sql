with accounts as (

    select * from {{ ref('dim_accounts') }}

),

retained_earnings as (

    select
        coalesce(
            max(case when account_sub_type = 'RetainedEarnings' then account_key end),
            max(case when account_sub_type = 'Unknown' then account_key end)
        ) as account_key
    from accounts

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

movements as (

    select * from {{ ref('fct_account_movements') }}

),

-- The books go on until their newest report, also through months in which nothing was booked.
known_months as (

    select month_start_date from movements
    union
    select month_start_date from {{ ref('int_quickbooks_reported_balances') }}

),

span as (

    select
        min(month_start_date) as first_month_date,
        max(month_start_date) as last_month_date
    from known_months

),

months as (

    select
        dates.month_start_date,
        {{ dbt.last_day('dates.month_start_date', 'month') }} as month_end_date,
        {{ fiscal_year('dates.month_start_date', 'company.fiscal_year_first_month_number') }}
            as fiscal_year
    from {{ ref('dim_dates') }} as dates
    cross join company
    inner join span
        on
            dates.month_start_date >= span.first_month_date
            and dates.month_start_date <= span.last_month_date
    where dates.date_day = dates.month_start_date

),

-- Every month since an account was first used; what a year earned goes to the retained earnings
-- when the next begins.
balances as (

    select
        movements.accounting_basis,
        months.month_start_date,
        months.month_end_date,
        movements.account_key,
        accounts.statement_name,
        max(movements.currency_code) as currency_code,
        max(movements.load_number) as load_number,
        sum(movements.moved_amount) as balance_amount,
        sum(movements.implicit_amount) as implicit_amount,
        sum(case
            when movements.fiscal_year = months.fiscal_year then movements.moved_amount
            else 0
        end) as year_balance_amount,
        sum(case
            when movements.fiscal_year = months.fiscal_year then movements.implicit_amount
            else 0
        end) as year_implicit_amount
    from movements
    inner join months on movements.month_start_date <= months.month_start_date
    inner join accounts on movements.account_key = accounts.account_key
    group by 1, 2, 3, 4, 5

),

closed as (

    select
        accounting_basis,
        month_start_date,
        month_end_date,
        account_key,
        currency_code,
        case
            when statement_name = 'profit_and_loss' then year_balance_amount
            else balance_amount
        end as balance_amount,
        case
            when statement_name = 'profit_and_loss' then year_implicit_amount
            else implicit_amount
        end as implicit_amount,
        load_number
    from balances
    union all
    select
        balances.accounting_basis,
        balances.month_start_date,
        balances.month_end_date,
        retained.account_key,
        balances.currency_code,
        balances.balance_amount - balances.year_balance_amount as balance_amount,
        balances.implicit_amount - balances.year_implicit_amount as implicit_amount,
        balances.load_number
    from balances
    cross join retained_earnings as retained
    where
        balances.statement_name = 'profit_and_loss'
        and balances.balance_amount <> balances.year_balance_amount

)

select
    closed.accounting_basis,
    closed.month_start_date,
    closed.month_end_date,
    closed.account_key,
    accounts.account_name,
    accounts.account_type,
    accounts.classification,
    accounts.statement_section,
    accounts.section_order,
    cast(greatest(sum(closed.balance_amount), 0) as {{ dbt.type_numeric() }}) as debit_amount,
    cast(greatest(-sum(closed.balance_amount), 0) as {{ dbt.type_numeric() }}) as credit_amount,
    cast(sum(closed.balance_amount) as {{ dbt.type_numeric() }}) as balance_amount,
    cast(sum(closed.implicit_amount) as {{ dbt.type_numeric() }}) as implicit_amount,
    max(closed.currency_code) as currency_code,
    max(closed.load_number) as load_number
from closed
inner join accounts on closed.account_key = accounts.account_key
group by 1, 2, 3, 4, 5, 6, 7, 8, 9
