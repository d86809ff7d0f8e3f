with objects as (

    select * from {{ source('raw_quickbooks', 'tax_rates') }}

)

select
    id as source_tax_rate_id,
    agency_ref_value as source_tax_agency_id,
    name as tax_rate_name,
    rate_value as rate_percent,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
