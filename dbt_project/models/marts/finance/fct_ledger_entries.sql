with accrual_entries as (

    select
        'accrual' as accounting_basis,
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
    from {{ ref('int_quickbooks_accrual_entries') }}

),

cash_entries as (

    select
        'cash' as accounting_basis,
        document_type,
        source_document_id,
        settled_document_id,
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
    from {{ ref('int_quickbooks_cash_entries') }}

),

entries as (

    select * from accrual_entries
    union all
    select * from cash_entries

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

accounts as (

    select * from {{ ref('dim_accounts') }}

),

classes as (

    select * from {{ ref('int_quickbooks_classes') }}

),

departments as (

    select * from {{ ref('int_quickbooks_departments') }}

)

select
    {{ surrogate_key([
        'entries.accounting_basis', 'entries.document_type', 'entries.source_document_id',
        'entries.entry_name'
    ]) }} as ledger_entry_key,
    entries.accounting_basis,
    entries.document_type,
    entries.source_document_id as source_record_id,
    {{ ledger_document_key('entries.document_type', 'entries.source_document_id') }}
        as document_key,
    entries.entry_name,
    entries.settled_document_id,
    entries.entry_date,
    accounts.account_key,
    accounts.account_name,
    accounts.account_type,
    accounts.classification,
    cast(greatest(entries.home_amount, 0) as {{ dbt.type_numeric() }}) as debit_amount,
    cast(greatest(-entries.home_amount, 0) as {{ dbt.type_numeric() }}) as credit_amount,
    cast(entries.home_amount as {{ dbt.type_numeric() }}) as home_amount,
    company.home_currency_code,
    cast(entries.amount as {{ dbt.type_numeric() }}) as document_amount,
    entries.currency_code,
    cast(entries.exchange_rate as {{ dbt.type_numeric() }}) as exchange_rate,
    classes.class_name,
    departments.department_name,
    case
        when departments.department_name is not null
            then {{ location_key('departments.department_name') }}
    end as location_key,
    entries.source_item_id,
    entries.source_customer_id,
    entries.source_vendor_id,
    entries.entry_source,
    entries.posting_reason,
    entries.load_number
from entries
cross join company
left join accounts on entries.source_account_id = accounts.source_account_id
left join classes on entries.source_class_id = classes.source_class_id
left join departments on entries.source_department_id = departments.source_department_id
