-- A level that Square calculated after the last movement is the level after that movement.
-- Square may have forgotten old changes, so a difference is a warning.
{{ config(severity='warn') }}

with movements as (

    select * from {{ ref('fct_inventory_movements') }}
    where source_system = 'square'

),

counts as (

    select * from {{ ref('stg_square__inventory_counts') }}
    where state = 'IN_STOCK'

),

locations as (

    select * from {{ ref('stg_square__locations') }}

),

latest as (

    select
        movements.*,
        row_number() over (
            partition by product_key, location_key
            order by movement_number desc
        ) as age
    from movements

),

counted as (

    select
        products.product_key,
        {{ location_key('locations.location_name') }} as location_key,
        counts.quantity,
        counts.calculated_at
    from counts
    inner join locations on counts.source_location_id = locations.source_location_id
    inner join {{ ref('int_product_identities') }} as products
        on
            products.source_system = 'square'
            and counts.source_variation_id = products.source_product_id

)

select
    counted.product_key,
    counted.location_key,
    counted.quantity,
    latest.on_hand_quantity
from counted
left join latest
    on
        counted.product_key = latest.product_key
        and counted.location_key = latest.location_key
        and latest.age = 1
where
    coalesce(latest.occurred_at, counted.calculated_at) <= counted.calculated_at
    and counted.quantity <> coalesce(latest.on_hand_quantity, 0)
