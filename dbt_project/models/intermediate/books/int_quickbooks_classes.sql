select
    source_class_id,
    class_full_name as class_name
from {{ ref('stg_quickbooks__classes') }}
