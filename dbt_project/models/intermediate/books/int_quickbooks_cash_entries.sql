with accounts as (

    select * from {{ ref('int_quickbooks_accounts') }}

),

default_accounts as (

    select * from {{ ref('int_quickbooks_default_accounts') }}

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

-- A payment is worth what it settles, in place of what it books on receivables or payables.
direct_entries as (

    select entries.*
    from {{ ref('int_quickbooks_accrual_entries') }} as entries
    inner join accounts on entries.source_account_id = accounts.source_account_id
    where
        entries.document_type not in ('invoice', 'credit_memo', 'bill', 'vendor_credit')
        and not (
            entries.document_type in ('payment', 'bill_payment')
            and accounts.account_type in ('Accounts Receivable', 'Accounts Payable')
        )

),

entries as (

    select
        document_type,
        source_document_id,
        cast(null as {{ dbt.type_string() }}) as settled_document_id,
        entry_name,
        source_account_id,
        source_item_id,
        source_class_id,
        source_department_id,
        source_customer_id,
        source_vendor_id,
        currency_code,
        exchange_rate,
        entry_source,
        posting_reason,
        amount,
        home_amount,
        entry_date,
        load_number
    from direct_entries
    union all
    select
        cash_shares.settling_document_type as document_type,
        cash_shares.settling_document_id as source_document_id,
        cash_shares.settled_document_id,
        {{ dbt.concat([
            "'settled '", "cash_shares.settled_document_id", "' '", "cash_shares.source_account_id",
            "' '", "cash_shares.entry_source", "' '", "coalesce(cash_shares.source_class_id, '')",
            "' '", "coalesce(cash_shares.source_department_id, '')"
        ]) }} as entry_name,
        cash_shares.source_account_id,
        cast(null as {{ dbt.type_string() }}) as source_item_id,
        cash_shares.source_class_id,
        cash_shares.source_department_id,
        cash_shares.source_customer_id,
        cash_shares.source_vendor_id,
        company.home_currency_code as currency_code,
        1 as exchange_rate,
        cash_shares.entry_source,
        cash_shares.posting_reason,
        cash_shares.home_amount as amount,
        cash_shares.home_amount,
        cash_shares.entry_date,
        cash_shares.load_number
    from {{ ref('int_quickbooks_cash_shares') }} as cash_shares
    cross join company
    union all
    select
        document_type,
        source_document_id,
        cast(null as {{ dbt.type_string() }}) as settled_document_id,
        entry_name,
        source_account_id,
        cast(null as {{ dbt.type_string() }}) as source_item_id,
        source_class_id,
        source_department_id,
        source_customer_id,
        source_vendor_id,
        currency_code,
        exchange_rate,
        'document' as entry_source,
        cast(null as {{ dbt.type_string() }}) as posting_reason,
        amount,
        home_amount,
        entry_date,
        load_number
    from {{ ref('int_quickbooks_unsettled_payments') }}

),

-- Amounts of two days' rates leave cents over.
roundings as (

    select
        document_type,
        source_document_id,
        max(source_customer_id) as source_customer_id,
        max(source_vendor_id) as source_vendor_id,
        max(entry_date) as entry_date,
        max(load_number) as load_number,
        cast(-sum(home_amount) as {{ dbt.type_numeric() }}) as home_amount
    from entries
    where document_type in ('payment', 'bill_payment')
    group by document_type, source_document_id
    having sum(home_amount) <> 0

)

select * from entries
union all
select
    roundings.document_type,
    roundings.source_document_id,
    cast(null as {{ dbt.type_string() }}) as settled_document_id,
    'rounding' as entry_name,
    coalesce(default_accounts.source_account_id, 'unknown') as source_account_id,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(null as {{ dbt.type_string() }}) as source_department_id,
    roundings.source_customer_id,
    roundings.source_vendor_id,
    company.home_currency_code as currency_code,
    1 as exchange_rate,
    'implicit' as entry_source,
    'rounding' as posting_reason,
    roundings.home_amount as amount,
    roundings.home_amount,
    roundings.entry_date,
    roundings.load_number
from roundings
cross join company
left join default_accounts on default_accounts.account_role = 'exchange'
