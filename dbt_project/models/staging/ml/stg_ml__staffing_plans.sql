with staffing_plans as (

    select * from {{ source('ml', 'staffing_plan') }}

)

select
    location_key,
    location_name,
    as_of_date,
    plan_date,
    work_hour,
    expected_orders,
    lower_80_orders,
    upper_80_orders,
    orders_per_labour_hour,
    needed_staff_count,
    usual_staff_count,
    scheduled_staff_count,
    difference_staff_count,
    recommendation,
    run_id
from staffing_plans
