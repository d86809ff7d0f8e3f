{{ config(materialized='view') }}

with lines as (

    select * from {{ ref('fct_counted_sale_lines') }}
    where line_type = 'product' and product_key is not null

),

stocked as (

    select distinct
        source_system as stock_system,
        product_key,
        location_key,
        location_name
    from {{ ref('int_inventory_changes') }}

),

locations as (

    select * from {{ ref('dim_locations') }}

),

shopify_places as (

    select * from {{ ref('int_shopify_stock_places') }}

),

placed as (

    select
        lines.*,
        case
            when lines.source_system = 'shopify' then shopify_places.location_name
            else locations.location_name
        end as stock_location_name
    from lines
    inner join locations on lines.location_key = locations.location_key
    left join shopify_places
        on
            lines.source_system = 'shopify'
            and lines.source_order_id = shopify_places.source_order_id

)

select
    placed.sale_line_key,
    placed.source_system,
    stocked.stock_system,
    placed.source_record_id,
    placed.product_key,
    stocked.location_key,
    stocked.location_name,
    placed.quantity,
    placed.net_amount,
    placed.occurred_at,
    placed.sale_date,
    placed.load_number
from placed
inner join stocked
    on
        placed.product_key = stocked.product_key
        and placed.stock_location_name = stocked.location_name
