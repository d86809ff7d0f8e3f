with ingredient_plans as (

    select * from {{ source('ml', 'ingredient_plan') }}

)

select
    ingredient_key,
    ingredient_name,
    location_key,
    location_name,
    unit_of_measure,
    as_of_date,
    plan_date,
    dishes_count,
    needed_quantity,
    incoming_quantity,
    stock_quantity,
    shortfall_quantity,
    recommendation,
    run_id
from ingredient_plans
