{{ config(materialized='view') }}

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
    started_at,
    finished_at,
    message
from {{ ref('stg_quality__load_logs') }}
