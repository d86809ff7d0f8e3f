with from_files as (

    select
        {{ month_start('spend_date') }} as month_start_date,
        sum(spend_amount) as spend_amount,
        max(load_number) as load_number
    from {{ ref('fct_marketing_spend') }}
    where currency_code = {{ business_setting('currency_code') }}
    group by 1

),

accounts as (

    select * from {{ ref('dim_accounts') }}
    where account_sub_type = 'AdvertisingPromotional'

),

from_books as (

    select
        {{ month_start('entries.entry_date') }} as month_start_date,
        sum(entries.home_amount) as spend_amount,
        max(entries.load_number) as load_number
    from {{ ref('fct_ledger_entries') }} as entries
    inner join accounts on entries.account_key = accounts.account_key
    where entries.accounting_basis = 'accrual'
    group by 1

)

-- The books hold the same invoices that the platforms' files tell day by day: what a file tells of
-- a month goes first.
select
    coalesce(from_files.month_start_date, from_books.month_start_date) as month_start_date,
    case when from_files.month_start_date is null then 'quickbooks' else 'spreadsheets' end
        as source_system,
    cast(coalesce(from_files.spend_amount, from_books.spend_amount) as {{ dbt.type_numeric() }})
        as spend_amount,
    coalesce(from_files.load_number, from_books.load_number) as load_number
from from_files
full outer join from_books on from_files.month_start_date = from_books.month_start_date
