with entries as (

    select
        entries.accounting_basis,
        {{ month_start('entries.entry_date') }} as month_start_date,
        entries.account_key,
        max(entries.home_currency_code) as currency_code,
        -sum(entries.home_amount) as profit_amount,
        -sum(case when entries.entry_source = 'implicit' then entries.home_amount else 0 end)
            as implicit_amount,
        max(entries.loaded_at) as loaded_at
    from {{ ref('fct_ledger_entries') }} as entries
    where entries.classification in ('Revenue', 'Expense')
    group by 1, 2, 3

),

accounts as (

    select * from {{ ref('dim_accounts') }}

)

select
    entries.accounting_basis,
    entries.month_start_date,
    entries.account_key,
    accounts.account_name,
    accounts.account_type,
    accounts.statement_section,
    accounts.section_order,
    -- As the statement shows it: income and expenses are both positive.
    cast(-entries.profit_amount * accounts.natural_sign as {{ dbt.type_numeric() }}) as amount,
    cast(entries.profit_amount as {{ dbt.type_numeric() }}) as profit_amount,
    cast(-entries.implicit_amount * accounts.natural_sign as {{ dbt.type_numeric() }})
        as implicit_amount,
    entries.currency_code,
    entries.loaded_at
from entries
inner join accounts on entries.account_key = accounts.account_key
