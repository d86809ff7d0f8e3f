with business as (

    select * from {{ source('settings', 'business') }}

)

select
    name as business_name,
    time_zone,
    currency_code,
    country_code,
    default_location_name,
    default_channel_name,
    {{ weekday_number('week_start') }} as week_start_number,
    rfm_mode
from business
