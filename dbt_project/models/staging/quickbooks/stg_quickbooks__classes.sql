with objects as (

    select * from {{ source('raw_quickbooks', 'classes') }}

)

select
    id as source_class_id,
    parent_ref_value as parent_class_id,
    name as class_name,
    fully_qualified_name as class_full_name,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
