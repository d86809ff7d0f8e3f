with ingredient_plans as (

    select * from {{ ref('stg_ml__ingredient_plans') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    ingredient_plans.ingredient_key,
    ingredient_plans.ingredient_name,
    ingredient_plans.location_key,
    ingredient_plans.location_name,
    ingredient_plans.unit_of_measure,
    ingredient_plans.as_of_date,
    ingredient_plans.plan_date,
    ingredient_plans.dishes_count,
    cast(ingredient_plans.needed_quantity as {{ dbt.type_numeric() }}) as needed_quantity,
    cast(ingredient_plans.incoming_quantity as {{ dbt.type_numeric() }}) as incoming_quantity,
    cast(ingredient_plans.stock_quantity as {{ dbt.type_numeric() }}) as stock_quantity,
    cast(ingredient_plans.shortfall_quantity as {{ dbt.type_numeric() }}) as shortfall_quantity,
    ingredient_plans.recommendation,
    runs.created_at as loaded_at
from ingredient_plans
left join runs on ingredient_plans.run_id = runs.run_id
