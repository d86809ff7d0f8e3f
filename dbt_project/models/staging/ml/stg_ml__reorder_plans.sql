with reorder_plans as (

    select * from {{ source('ml', 'reorder_plan') }}

)

select
    product_key,
    product_name,
    category_name,
    location_key,
    location_name,
    supplier_name,
    as_of_date,
    policy,
    urgency,
    on_hand_quantity,
    on_order_quantity,
    daily_units,
    daily_units_deviation,
    lead_time_days,
    lead_time_deviation_days,
    review_days,
    service_level,
    safety_stock_quantity,
    reorder_point_quantity,
    order_up_to_quantity,
    economic_order_quantity,
    pack_quantity,
    order_quantity,
    order_by_date,
    days_left,
    unit_cost_amount,
    order_amount,
    lost_margin_amount,
    abc_class,
    xyz_class,
    demand_class,
    is_dead_stock,
    recommendation,
    run_id
from reorder_plans
