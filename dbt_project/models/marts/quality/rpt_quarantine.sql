{{ config(materialized='view') }}

select
    source_system,
    table_name,
    file_name,
    column_name,
    reason,
    count(*) as rows_count,
    max(quarantined_at) as latest_at
from {{ ref('stg_quality__quarantined_rows') }}
where resolved_at is null
group by source_system, table_name, file_name, column_name, reason
