with objects as (

    select * from {{ source('raw_quickbooks', 'tax_codes') }}

)

select
    id as source_tax_code_id,
    name as tax_code_name,
    taxable as is_taxable,
    tax_group as is_tax_group,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
