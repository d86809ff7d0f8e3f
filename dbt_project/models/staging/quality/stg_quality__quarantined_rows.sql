with quarantined_rows as (

    select * from {{ source('quality', 'quarantine') }}

)

select
    quarantine_id,
    load_id,
    source_system,
    table_name,
    file_name,
    row_number,
    column_name,
    reason,
    quarantined_at,
    resolved_at
from quarantined_rows
