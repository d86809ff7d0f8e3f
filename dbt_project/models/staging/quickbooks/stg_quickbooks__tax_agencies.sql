with objects as (

    select * from {{ source('raw_quickbooks', 'tax_agencies') }}

)

select
    id as source_tax_agency_id,
    display_name as tax_agency_name,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
