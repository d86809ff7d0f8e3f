with levels as (

    select * from {{ ref('int_shopify_inventory_levels') }}

),

variants as (

    select * from {{ ref('stg_shopify__variants') }}

),

items as (

    select * from {{ ref('stg_shopify__inventory_items') }}

),

stocked as (

    select * from {{ ref('stg_shopify__inventory_levels') }}
    where is_active

),

locations as (

    select * from {{ ref('stg_shopify__locations') }}

),

shops as (

    select min(time_zone) as time_zone from {{ ref('stg_shopify__shops') }}

)

select
    'shopify' as source_system,
    {{ dbt.concat([
        "levels.source_inventory_item_id", "' '", "levels.source_location_id", "' '",
        "cast(levels.changed_at as " ~ dbt.type_string() ~ ")", "' '",
        "cast(levels.on_hand_quantity as " ~ dbt.type_string() ~ ")"
    ]) }} as source_record_id,
    variants.source_variant_id as source_product_id,
    locations.location_name,
    'count' as change_type,
    true as is_count,
    cast(levels.on_hand_quantity as {{ dbt.type_numeric() }}) as quantity,
    cast(null as {{ dbt.type_numeric() }}) as unit_cost_amount,
    levels.changed_at as occurred_at,
    cast({{ local_time('levels.changed_at', 'shops.time_zone') }} as date) as changed_date,
    -- A level is what is left after the sale of the same instant.
    2 as turn,
    -- What Shopify deleted, or stocks at a place no longer, has no level there any more.
    items.source_inventory_item_id is not null and stocked.source_location_id is not null
        as is_still_stocked,
    levels.load_number
from levels
cross join shops
inner join variants on levels.source_inventory_item_id = variants.source_inventory_item_id
left join items on levels.source_inventory_item_id = items.source_inventory_item_id
left join stocked
    on
        levels.source_inventory_item_id = stocked.source_inventory_item_id
        and levels.source_location_id = stocked.source_location_id
inner join locations on levels.source_location_id = locations.source_location_id
