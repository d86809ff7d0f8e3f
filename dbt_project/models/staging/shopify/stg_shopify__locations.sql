with documents as (

    select * from {{ source('raw_shopify', 'locations') }}

)

select
    id as source_location_id,
    name as location_name,
    address_country_code as country_code,
    _load_number as load_number
from documents
where _deleted_at is null
