with reorder_plans as (

    select * from {{ ref('stg_ml__reorder_plans') }}

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
    cast(on_hand_quantity as {{ dbt.type_numeric() }}) as on_hand_quantity,
    cast(on_order_quantity as {{ dbt.type_numeric() }}) as on_order_quantity,
    cast(daily_units as {{ dbt.type_numeric() }}) as daily_units,
    cast(daily_units_deviation as {{ dbt.type_numeric() }}) as daily_units_deviation,
    cast(lead_time_days as {{ dbt.type_numeric() }}) as lead_time_days,
    cast(lead_time_deviation_days as {{ dbt.type_numeric() }}) as lead_time_deviation_days,
    cast(review_days as {{ dbt.type_numeric() }}) as review_days,
    cast(service_level as {{ dbt.type_numeric() }}) as service_level,
    cast(safety_stock_quantity as {{ dbt.type_numeric() }}) as safety_stock_quantity,
    cast(reorder_point_quantity as {{ dbt.type_numeric() }}) as reorder_point_quantity,
    cast(order_up_to_quantity as {{ dbt.type_numeric() }}) as order_up_to_quantity,
    cast(economic_order_quantity as {{ dbt.type_numeric() }}) as economic_order_quantity,
    cast(pack_quantity as {{ dbt.type_numeric() }}) as pack_quantity,
    cast(order_quantity as {{ dbt.type_numeric() }}) as order_quantity,
    order_by_date,
    cast(days_left as {{ dbt.type_numeric() }}) as days_left,
    cast(unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    cast(order_amount as {{ dbt.type_numeric() }}) as order_amount,
    cast(lost_margin_amount as {{ dbt.type_numeric() }}) as lost_margin_amount,
    abc_class,
    xyz_class,
    demand_class,
    is_dead_stock,
    recommendation
from reorder_plans
