with objects as (

    select * from {{ source('raw_quickbooks', 'terms') }}

)

select
    id as source_term_id,
    name as term_name,
    due_days,
    discount_days,
    discount_percent,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
