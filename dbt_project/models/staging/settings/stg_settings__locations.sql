with locations as (

    select * from {{ source('settings', 'locations') }}

)

select
    name as location_name,
    time_zone,
    country_code,
    currency_code
from locations
