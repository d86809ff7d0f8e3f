{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    on_schema_change='append_new_columns'
) }}

with levels as (

    select * from {{ ref('stg_shopify__inventory_levels') }}
    where is_active

)

-- Shopify tells each level and since when it is so, and forgets the one before: what was seen is
-- kept for good, also when everything else is built anew.
select
    levels.source_inventory_item_id,
    levels.source_location_id,
    levels.on_hand_quantity,
    levels.changed_at,
    levels.load_number
from levels
{% if is_incremental() %}
left join {{ this }} as seen
    on
        levels.source_inventory_item_id = seen.source_inventory_item_id
        and levels.source_location_id = seen.source_location_id
        and levels.changed_at = seen.changed_at
        and levels.on_hand_quantity = seen.on_hand_quantity
where seen.changed_at is null
{% endif %}
