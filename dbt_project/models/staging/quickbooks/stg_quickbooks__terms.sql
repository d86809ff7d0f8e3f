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
    greatest(_loaded_at, coalesce(_deleted_at, _loaded_at)) as loaded_at
from objects
