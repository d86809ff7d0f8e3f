with staffing_plans as (

    select * from {{ ref('stg_ml__staffing_plans') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    staffing_plans.location_key,
    staffing_plans.location_name,
    staffing_plans.as_of_date,
    staffing_plans.plan_date,
    staffing_plans.work_hour,
    cast(staffing_plans.expected_orders as {{ dbt.type_numeric() }}) as expected_orders,
    cast(staffing_plans.lower_80_orders as {{ dbt.type_numeric() }}) as lower_80_orders,
    cast(staffing_plans.upper_80_orders as {{ dbt.type_numeric() }}) as upper_80_orders,
    cast(staffing_plans.orders_per_labour_hour as {{ dbt.type_numeric() }}) as orders_per_labour_hour,
    staffing_plans.needed_staff_count,
    cast(staffing_plans.usual_staff_count as {{ dbt.type_numeric() }}) as usual_staff_count,
    cast(staffing_plans.scheduled_staff_count as {{ dbt.type_numeric() }}) as scheduled_staff_count,
    cast(staffing_plans.difference_staff_count as {{ dbt.type_numeric() }}) as difference_staff_count,
    staffing_plans.recommendation,
    runs.created_at as loaded_at
from staffing_plans
left join runs on staffing_plans.run_id = runs.run_id
