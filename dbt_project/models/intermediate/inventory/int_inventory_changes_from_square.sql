with changes as (

    select * from {{ ref('stg_square__inventory_changes') }}

),

locations as (

    select * from {{ ref('stg_square__locations') }}

),

-- An adjustment takes from one state and place and adds to another; what touches what is in
-- stock counts here. Between two places it is two changes.
parts as (

    select
        changes.*,
        'count' as part,
        source_location_id as place_id,
        quantity as stock_quantity
    from changes
    where change_type = 'physical_count' and to_state = 'IN_STOCK'
    union all
    select
        changes.*,
        'out' as part,
        coalesce(from_location_id, source_location_id) as place_id,
        -quantity as stock_quantity
    from changes
    where change_type <> 'physical_count' and from_state = 'IN_STOCK'
    union all
    select
        changes.*,
        'in' as part,
        coalesce(to_location_id, source_location_id) as place_id,
        quantity as stock_quantity
    from changes
    where change_type <> 'physical_count' and to_state = 'IN_STOCK'

)

select
    'square' as source_system,
    {{ dbt.concat(["parts.source_change_id", "' '", "parts.part"]) }} as source_record_id,
    parts.source_variation_id as source_product_id,
    locations.location_name,
    case
        when parts.part = 'count' then 'count'
        when parts.from_state = parts.to_state then 'transfer'
        when parts.part = 'out' and parts.to_state in ('SOLD', 'SOLD_ONLINE') then 'sale'
        when parts.part = 'out' and parts.to_state = 'WASTE' then 'waste'
        when parts.part = 'out' then 'adjustment'
        when parts.from_state in ('NONE', 'RECEIVED_FROM_VENDOR', 'ORDERED_FROM_VENDOR')
            then 'receipt'
        when
            parts.from_state in ('RETURNED_BY_CUSTOMER', 'UNLINKED_RETURN', 'SOLD', 'SOLD_ONLINE')
            then 'return'
        else 'adjustment'
    end as change_type,
    parts.part = 'count' as is_count,
    parts.stock_quantity as quantity,
    case
        when parts.quantity > 0 and parts.cost_currency_code = {{ business_setting('currency_code') }}
            then parts.cost_amount / parts.quantity
    end as unit_cost_amount,
    parts.occurred_at,
    cast({{ local_time('parts.occurred_at', 'locations.time_zone') }} as date) as changed_date,
    -- Of one instant, what was counted comes first.
    case when parts.part = 'count' then 0 else 1 end as turn,
    true as is_still_stocked,
    parts.load_number
from parts
inner join locations on parts.place_id = locations.source_location_id
