with objects as (

    select * from {{ source('raw_quickbooks', 'tax_agencies') }}

)

select
    id as source_tax_agency_id,
    display_name as tax_agency_name,
    _deleted_at as deleted_at,
    greatest(_loaded_at, coalesce(_deleted_at, _loaded_at)) as loaded_at
from objects
