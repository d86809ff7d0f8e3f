with load_logs as (

    select * from {{ source('quality', 'load_log') }}

)

select
    load_id,
    source_system,
    table_name,
    file_name,
    status,
    rows_read,
    rows_new,
    rows_updated,
    rows_unchanged,
    rows_quarantined,
    rows_skipped,
    started_at,
    finished_at,
    message,
    load_number
from load_logs
