with price_test_verdicts as (

    select * from {{ ref('stg_ml__price_test_verdicts') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    price_test_verdicts.test_name,
    price_test_verdicts.control_name,
    price_test_verdicts.variant_name,
    price_test_verdicts.first_date,
    price_test_verdicts.last_date,
    price_test_verdicts.days_count,
    price_test_verdicts.control_visitors_count,
    price_test_verdicts.variant_visitors_count,
    cast(price_test_verdicts.control_margin_amount as {{ dbt.type_numeric() }}) as control_margin_amount,
    cast(price_test_verdicts.variant_margin_amount as {{ dbt.type_numeric() }}) as variant_margin_amount,
    cast(price_test_verdicts.difference_amount as {{ dbt.type_numeric() }}) as difference_amount,
    cast(price_test_verdicts.lower_difference_amount as {{ dbt.type_numeric() }}) as lower_difference_amount,
    cast(price_test_verdicts.upper_difference_amount as {{ dbt.type_numeric() }}) as upper_difference_amount,
    cast(price_test_verdicts.p_value as {{ dbt.type_numeric() }}) as p_value,
    cast(price_test_verdicts.confidence_rate as {{ dbt.type_numeric() }}) as confidence_rate,
    price_test_verdicts.verdict,
    price_test_verdicts.reason,
    runs.created_at as loaded_at
from price_test_verdicts
left join runs on price_test_verdicts.run_id = runs.run_id
