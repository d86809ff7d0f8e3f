{% for system in ('square', 'shopify', 'spreadsheets') %}
    select
        source_system,
        source_record_id,
        source_product_id,
        {{ surrogate_key(['source_system', 'source_product_id']) }} as product_key,
        {{ location_key('location_name') }} as location_key,
        location_name,
        change_type,
        is_count,
        quantity,
        unit_cost_amount,
        occurred_at,
        changed_date,
        turn,
        is_still_stocked,
        loaded_at
    from {{ ref('int_inventory_changes_from_' ~ system) }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
