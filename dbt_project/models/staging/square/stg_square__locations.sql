with documents as (

    select * from {{ source('raw_square', 'locations') }}

)

select
    id as source_location_id,
    name as location_name,
    timezone as time_zone,
    country as country_code,
    currency as currency_code,
    _load_number as load_number
from documents
where _deleted_at is null
