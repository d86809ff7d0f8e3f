with documents as (

    select * from {{ source('raw_shopify', 'locations') }}

)

select
    id as source_location_id,
    name as location_name,
    address_country_code as country_code,
    _loaded_at as loaded_at
from documents
where _deleted_at is null
