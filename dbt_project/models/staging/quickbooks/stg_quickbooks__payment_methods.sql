with objects as (

    select * from {{ source('raw_quickbooks', 'payment_methods') }}

)

select
    id as source_payment_method_id,
    name as payment_method_name,
    active as is_active,
    _deleted_at as deleted_at,
    greatest(_loaded_at, coalesce(_deleted_at, _loaded_at)) as loaded_at
from objects
