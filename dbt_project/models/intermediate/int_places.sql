with document_places as (

    select
        coalesce(department_name, {{ no_location() }}) as location_name,
        coalesce(class_name, 'QuickBooks') as channel_name,
        load_number
    from {{ ref('int_quickbooks_sales') }}
    where
        source_order_id not in (
            select source_order_id from {{ ref('int_sale_matches') }}
            where source_system = 'quickbooks' and canonical_system is not null
        )
    union all
    select
        {{ no_location() }} as location_name,
        'QuickBooks' as channel_name,
        load_number
    from {{ ref('int_quickbooks_sales') }}

),

spreadsheet_places as (

    select * from {{ ref('int_spreadsheet_places') }}

),

square_locations as (

    select * from {{ ref('stg_square__locations') }}

),

shopify_orders as (

    select * from {{ ref('int_shopify_orders') }}

),

shopify_locations as (

    select * from {{ ref('stg_shopify__locations') }}

),

shops as (

    select * from {{ ref('stg_shopify__shops') }}

),

places as (

    select
        location_name,
        channel_name,
        cast(null as {{ dbt.type_string() }}) as time_zone,
        cast(null as {{ dbt.type_string() }}) as country_code,
        cast(null as {{ dbt.type_string() }}) as currency_code,
        load_number
    from spreadsheet_places
    union all
    select
        location_name,
        'Point of Sale' as channel_name,
        time_zone,
        country_code,
        currency_code,
        load_number
    from square_locations
    union all
    select
        location_name,
        channel_name,
        cast(null as {{ dbt.type_string() }}) as time_zone,
        cast(null as {{ dbt.type_string() }}) as country_code,
        cast(null as {{ dbt.type_string() }}) as currency_code,
        load_number
    from document_places
    union all
    -- A shop keeps one time zone for all its places; a till there may know a closer one.
    select
        shopify_orders.location_name,
        shopify_orders.channel_name,
        min(shops.time_zone) as time_zone,
        min(shopify_locations.country_code) as country_code,
        min(shops.currency_code) as currency_code,
        max(shopify_orders.load_number) as load_number
    from shopify_orders
    cross join shops
    left join shopify_locations
        on shopify_orders.location_name = shopify_locations.location_name
    where shopify_orders.location_name not in (select location_name from square_locations)
    group by shopify_orders.location_name, shopify_orders.channel_name

)

select
    location_name,
    channel_name,
    time_zone,
    country_code,
    currency_code,
    max(load_number) as load_number
from places
group by location_name, channel_name, time_zone, country_code, currency_code
