with price_elasticities as (

    select * from {{ ref('stg_ml__price_elasticities') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    price_elasticities.subject_level,
    price_elasticities.product_key,
    price_elasticities.product_name,
    price_elasticities.category_name,
    cast(price_elasticities.elasticity as {{ dbt.type_numeric() }}) as elasticity,
    cast(price_elasticities.lower_80 as {{ dbt.type_numeric() }}) as lower_80,
    cast(price_elasticities.upper_80 as {{ dbt.type_numeric() }}) as upper_80,
    cast(price_elasticities.lower_95 as {{ dbt.type_numeric() }}) as lower_95,
    cast(price_elasticities.upper_95 as {{ dbt.type_numeric() }}) as upper_95,
    cast(price_elasticities.own_elasticity as {{ dbt.type_numeric() }}) as own_elasticity,
    cast(price_elasticities.own_standard_error as {{ dbt.type_numeric() }}) as own_standard_error,
    cast(price_elasticities.own_weight as {{ dbt.type_numeric() }}) as own_weight,
    price_elasticities.prices_count,
    price_elasticities.price_changes_count,
    price_elasticities.weeks_count,
    cast(price_elasticities.units as {{ dbt.type_numeric() }}) as units,
    cast(price_elasticities.lowest_price_amount as {{ dbt.type_numeric() }}) as lowest_price_amount,
    cast(price_elasticities.highest_price_amount as {{ dbt.type_numeric() }}) as highest_price_amount,
    cast(price_elasticities.current_price_amount as {{ dbt.type_numeric() }}) as current_price_amount,
    cast(price_elasticities.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    cast(price_elasticities.best_price_amount as {{ dbt.type_numeric() }}) as best_price_amount,
    cast(price_elasticities.margin_amount as {{ dbt.type_numeric() }}) as margin_amount,
    cast(price_elasticities.margin_change_amount as {{ dbt.type_numeric() }}) as margin_change_amount,
    cast(price_elasticities.lower_margin_change_amount as {{ dbt.type_numeric() }}) as lower_margin_change_amount,
    cast(price_elasticities.upper_margin_change_amount as {{ dbt.type_numeric() }}) as upper_margin_change_amount,
    price_elasticities.evidence,
    price_elasticities.recommendation,
    runs.created_at as loaded_at
from price_elasticities
left join runs on price_elasticities.run_id = runs.run_id
