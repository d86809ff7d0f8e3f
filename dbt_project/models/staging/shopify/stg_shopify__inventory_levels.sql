with levels as (

    select * from {{ source('raw_shopify', 'inventory_items__inventory_levels') }}

),

quantities as (

    select * from {{ source('raw_shopify', 'inventory_items__inventory_levels__quantities') }}
    where name = 'on_hand' and _is_emptied is null

)

select
    levels.inventory_item_id as source_inventory_item_id,
    levels.location_id as source_location_id,
    levels.is_active,
    quantities.quantity as on_hand_quantity,
    greatest(levels.updated_at, coalesce(quantities.updated_at, levels.updated_at)) as changed_at,
    levels._load_number as load_number
from levels
inner join quantities
    on
        levels.inventory_item_id = quantities.inventory_item_id
        and levels.inventory_levels_position = quantities.inventory_levels_position
where levels._is_emptied is null
