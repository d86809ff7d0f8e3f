with reports as (

    select * from {{ source('raw_quickbooks', 'reports') }}

),

report_rows as (

    select * from {{ source('raw_quickbooks', 'reports__rows') }}

)

select
    reports.id as source_report_id,
    report_rows.rows_position as row_position,
    report_rows.account_id as source_account_id,
    reports.report as report_name,
    lower(reports.accounting_basis) as accounting_basis,
    report_rows.section as report_section,
    report_rows.amount,
    reports.currency as currency_code,
    reports.start_date,
    reports.end_date,
    reports.read_at,
    reports._load_number as load_number
from reports
left join report_rows
    on reports.id = report_rows.report_id and report_rows._is_emptied is null
where reports._deleted_at is null
