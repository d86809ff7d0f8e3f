with documents as (

    select * from {{ source('raw_square', 'inventory_changes') }}

)

select
    id as source_change_id,
    lower(type) as change_type,
    coalesce(
        physical_count_catalog_object_id, adjustment_catalog_object_id,
        transfer_catalog_object_id
    ) as source_variation_id,
    coalesce(physical_count_location_id, adjustment_location_id, transfer_location_id)
        as source_location_id,
    coalesce(adjustment_from_location_id, transfer_from_location_id) as from_location_id,
    coalesce(adjustment_to_location_id, transfer_to_location_id) as to_location_id,
    coalesce(physical_count_state, adjustment_from_state, transfer_state) as from_state,
    coalesce(physical_count_state, adjustment_to_state, transfer_state) as to_state,
    coalesce(physical_count_quantity, adjustment_quantity, transfer_quantity) as quantity,
    adjustment_cost_money as cost_amount,
    adjustment_cost_money_currency as cost_currency_code,
    occurred_at,
    _load_number as load_number
from documents
where _deleted_at is null
