with price_elasticities as (

    select * from {{ ref('stg_ml__price_elasticities') }}

)

select
    subject_level,
    product_key,
    product_name,
    category_name,
    cast(elasticity as {{ dbt.type_numeric() }}) as elasticity,
    cast(lower_80 as {{ dbt.type_numeric() }}) as lower_80,
    cast(upper_80 as {{ dbt.type_numeric() }}) as upper_80,
    cast(lower_95 as {{ dbt.type_numeric() }}) as lower_95,
    cast(upper_95 as {{ dbt.type_numeric() }}) as upper_95,
    cast(own_elasticity as {{ dbt.type_numeric() }}) as own_elasticity,
    cast(own_standard_error as {{ dbt.type_numeric() }}) as own_standard_error,
    cast(own_weight as {{ dbt.type_numeric() }}) as own_weight,
    prices_count,
    price_changes_count,
    weeks_count,
    cast(units as {{ dbt.type_numeric() }}) as units,
    cast(lowest_price_amount as {{ dbt.type_numeric() }}) as lowest_price_amount,
    cast(highest_price_amount as {{ dbt.type_numeric() }}) as highest_price_amount,
    cast(current_price_amount as {{ dbt.type_numeric() }}) as current_price_amount,
    cast(unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    cast(best_price_amount as {{ dbt.type_numeric() }}) as best_price_amount,
    cast(margin_amount as {{ dbt.type_numeric() }}) as margin_amount,
    cast(margin_change_amount as {{ dbt.type_numeric() }}) as margin_change_amount,
    cast(lower_margin_change_amount as {{ dbt.type_numeric() }}) as lower_margin_change_amount,
    cast(upper_margin_change_amount as {{ dbt.type_numeric() }}) as upper_margin_change_amount,
    evidence,
    recommendation
from price_elasticities
