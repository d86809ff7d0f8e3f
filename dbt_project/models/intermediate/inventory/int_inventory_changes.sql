{{ config(materialized='table') }}

with changes as (

    {% for system in ('square', 'shopify', 'spreadsheets') %}
        select
            source_system,
            source_record_id,
            source_product_id,
            location_name,
            change_type,
            is_count,
            quantity,
            unit_cost_amount,
            occurred_at,
            changed_date,
            turn,
            is_still_stocked,
            load_number
        from {{ ref('int_inventory_changes_from_' ~ system) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

products as (

    select * from {{ ref('int_product_identities') }}

),

keyed as (

    select
        changes.*,
        coalesce(
            products.product_key,
            {{ surrogate_key(['changes.source_system', 'changes.source_product_id']) }}
        ) as product_key,
        {{ location_key('changes.location_name') }} as location_key,
        case changes.source_system when 'square' then 1 when 'shopify' then 2 else 3 end
            as priority
    from changes
    left join products
        on
            changes.source_system = products.source_system
            and changes.source_product_id = products.source_product_id

),

-- What several systems count at one place is taken from one of them.
ranked as (

    select
        keyed.*,
        min(priority) over (partition by product_key, location_key) as first_priority
    from keyed

)

select
    source_system,
    source_record_id,
    source_product_id,
    product_key,
    location_key,
    location_name,
    change_type,
    is_count,
    quantity,
    unit_cost_amount,
    occurred_at,
    changed_date,
    turn,
    is_still_stocked,
    load_number
from ranked
where priority = first_priority
