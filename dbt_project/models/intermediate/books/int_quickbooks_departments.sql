select
    source_department_id,
    department_name
from {{ ref('stg_quickbooks__departments') }}
