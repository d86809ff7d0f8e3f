with reorder_plans as (

    select * from {{ ref('stg_ml__reorder_plans') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    reorder_plans.product_key,
    reorder_plans.product_name,
    reorder_plans.category_name,
    reorder_plans.location_key,
    reorder_plans.location_name,
    reorder_plans.supplier_name,
    reorder_plans.as_of_date,
    reorder_plans.policy,
    reorder_plans.urgency,
    cast(reorder_plans.on_hand_quantity as {{ dbt.type_numeric() }}) as on_hand_quantity,
    cast(reorder_plans.on_order_quantity as {{ dbt.type_numeric() }}) as on_order_quantity,
    cast(reorder_plans.daily_units as {{ dbt.type_numeric() }}) as daily_units,
    cast(reorder_plans.daily_units_deviation as {{ dbt.type_numeric() }}) as daily_units_deviation,
    cast(reorder_plans.lead_time_days as {{ dbt.type_numeric() }}) as lead_time_days,
    cast(reorder_plans.lead_time_deviation_days as {{ dbt.type_numeric() }}) as lead_time_deviation_days,
    cast(reorder_plans.review_days as {{ dbt.type_numeric() }}) as review_days,
    cast(reorder_plans.service_level as {{ dbt.type_numeric() }}) as service_level,
    cast(reorder_plans.safety_stock_quantity as {{ dbt.type_numeric() }}) as safety_stock_quantity,
    cast(reorder_plans.reorder_point_quantity as {{ dbt.type_numeric() }}) as reorder_point_quantity,
    cast(reorder_plans.order_up_to_quantity as {{ dbt.type_numeric() }}) as order_up_to_quantity,
    cast(reorder_plans.economic_order_quantity as {{ dbt.type_numeric() }}) as economic_order_quantity,
    cast(reorder_plans.pack_quantity as {{ dbt.type_numeric() }}) as pack_quantity,
    cast(reorder_plans.order_quantity as {{ dbt.type_numeric() }}) as order_quantity,
    reorder_plans.order_by_date,
    cast(reorder_plans.days_left as {{ dbt.type_numeric() }}) as days_left,
    cast(reorder_plans.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    cast(reorder_plans.order_amount as {{ dbt.type_numeric() }}) as order_amount,
    cast(reorder_plans.lost_margin_amount as {{ dbt.type_numeric() }}) as lost_margin_amount,
    reorder_plans.abc_class,
    reorder_plans.xyz_class,
    reorder_plans.demand_class,
    reorder_plans.is_dead_stock,
    reorder_plans.recommendation,
    runs.created_at as loaded_at
from reorder_plans
left join runs on reorder_plans.run_id = runs.run_id
