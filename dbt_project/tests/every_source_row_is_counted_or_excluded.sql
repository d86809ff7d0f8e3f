-- Closing sum: each raw row has exactly one product line in the ledger, counted or with a reason.
with source_rows as (

    select count(*) as rows_count from {{ ref('stg_spreadsheets__sales') }}

),

ledger_rows as (

    select coalesce(sum(lines_count), 0) as rows_count
    from {{ ref('fct_sale_outcomes_daily') }}
    where source_system = 'spreadsheets'

)

select
    source_rows.rows_count as source_rows_count,
    ledger_rows.rows_count as ledger_rows_count
from source_rows
cross join ledger_rows
where source_rows.rows_count <> ledger_rows.rows_count
