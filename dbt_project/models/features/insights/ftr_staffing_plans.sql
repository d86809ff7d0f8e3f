with wages as (

    select
        location_key,
        sum(labour_cost_amount) / nullif(sum(paid_hours), 0) as hourly_cost_amount
    from {{ ref('rpt_labour_hourly') }}
    group by location_key

)

select
    staffing.location_key,
    staffing.plan_date,
    staffing.work_hour,
    staffing.location_name,
    staffing.expected_orders,
    staffing.needed_staff_count,
    staffing.difference_staff_count,
    cast(wages.hourly_cost_amount as {{ dbt.type_float() }}) as hourly_cost_amount
from {{ ref('stg_ml__staffing_plans') }} as staffing
left join wages on staffing.location_key = wages.location_key
