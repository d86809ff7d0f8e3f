select
    product_key,
    location_key,
    product_name,
    location_name,
    on_hand_quantity,
    value_at_cost_amount,
    is_dead_stock
from {{ ref('rpt_inventory_health') }}
where is_dead_stock
