with places as (

    select * from {{ ref('int_places') }}

),

configured as (

    {% for location in var('locations') %}
    select
        '{{ location.name | replace("'", "''") }}' as location_name,
        '{{ location.time_zone or var("time_zone") }}' as time_zone,
        '{{ location.country_code or var("country_code") }}' as country_code,
        '{{ location.currency_code or var("currency_code") }}' as currency_code
    union all
    {% endfor %}
    select
        {{ default_location() }} as location_name,
        '{{ var("time_zone") }}' as time_zone,
        '{{ var("country_code") }}' as country_code,
        '{{ var("currency_code") }}' as currency_code

),

settings as (

    select
        location_name,
        min(time_zone) as time_zone,
        min(country_code) as country_code,
        min(currency_code) as currency_code
    from configured
    group by location_name

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
    coalesce(told.time_zone, settings.time_zone, '{{ var("time_zone") }}') as time_zone,
    coalesce(settings.country_code, told.country_code, '{{ var("country_code") }}') as country_code,
    coalesce(settings.currency_code, told.currency_code, '{{ var("currency_code") }}') as currency_code,
    told.load_number
from names
left join settings on names.location_name = settings.location_name
left join told on names.location_name = told.location_name
