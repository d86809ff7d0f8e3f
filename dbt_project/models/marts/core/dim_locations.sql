with places as (

    select * from {{ ref('int_places') }}

),

business as (

    select * from {{ ref('stg_settings__business') }}

),

-- The default location is the first in business.toml, or the business itself.
configured as (

    select
        location_name,
        time_zone,
        country_code,
        currency_code
    from {{ ref('stg_settings__locations') }}
    union all
    select
        default_location_name as location_name,
        null as time_zone,
        null as country_code,
        null as currency_code
    from business

),

settings as (

    select
        configured.location_name,
        coalesce(min(configured.time_zone), min(business.time_zone)) as time_zone,
        coalesce(min(configured.country_code), min(business.country_code)) as country_code,
        coalesce(min(configured.currency_code), min(business.currency_code)) as currency_code
    from configured
    cross join business
    group by configured.location_name

),

names as (

    select location_name from settings
    union
    select location_name from places

),

told as (

    select
        location_name,
        min(time_zone) as time_zone,
        min(country_code) as country_code,
        min(currency_code) as currency_code,
        max(load_number) as load_number
    from places
    group by location_name

)

select
    {{ location_key('names.location_name') }} as location_key,
    names.location_name,
    coalesce(told.time_zone, settings.time_zone, business.time_zone) as time_zone,
    coalesce(settings.country_code, told.country_code, business.country_code) as country_code,
    coalesce(settings.currency_code, told.currency_code, business.currency_code) as currency_code,
    told.load_number
from names
cross join business
left join settings on names.location_name = settings.location_name
left join told on names.location_name = told.location_name
