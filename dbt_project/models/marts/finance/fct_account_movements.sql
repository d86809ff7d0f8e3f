with entries as (

    select
        *,
        {{ month_start('entry_date') }} as month_start_date
    from {{ ref('fct_ledger_entries') }}

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

)

select
    entries.accounting_basis,
    entries.month_start_date,
    entries.account_key,
    {{ fiscal_year('entries.month_start_date', 'company.fiscal_year_first_month_number') }}
        as fiscal_year,
    cast(sum(entries.home_amount) as {{ dbt.type_numeric() }}) as moved_amount,
    cast(sum(case
        when entries.entry_source = 'implicit' then entries.home_amount
        else 0
    end) as {{ dbt.type_numeric() }}) as implicit_amount,
    max(entries.home_currency_code) as currency_code,
    max(entries.load_number) as load_number
from entries
cross join company
group by 1, 2, 3, 4
