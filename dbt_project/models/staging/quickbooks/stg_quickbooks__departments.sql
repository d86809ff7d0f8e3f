with objects as (

    select * from {{ source('raw_quickbooks', 'departments') }}

)

select
    id as source_department_id,
    parent_ref_value as parent_department_id,
    name as department_name,
    fully_qualified_name as department_full_name,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
