with reports as (

    select * from {{ source('raw_quickbooks', 'general_ledger') }}

),

entries as (

    select * from {{ source('raw_quickbooks', 'general_ledger__entries') }}

)

select
    reports.id as source_report_id,
    entries.entries_position as entry_position,
    entries.account_id as source_account_id,
    entries.txn_id as source_document_id,
    entries.txn_type as transaction_type,
    lower(reports.accounting_basis) as accounting_basis,
    entries.amount,
    entries.txn_date as entry_date,
    reports.start_date,
    reports.end_date,
    reports.read_at,
    reports._load_number as load_number
from reports
left join entries
    on reports.id = entries.general_ledger_id and entries._is_emptied is null
where reports._deleted_at is null
