with objects as (

    select * from {{ source('raw_quickbooks', 'payment_methods') }}

)

select
    id as source_payment_method_id,
    name as payment_method_name,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
