with price_test_verdicts as (

    select * from {{ ref('stg_ml__price_test_verdicts') }}

)

select
    test_name,
    control_name,
    variant_name,
    first_date,
    last_date,
    days_count,
    control_visitors_count,
    variant_visitors_count,
    cast(control_margin_amount as {{ dbt.type_numeric() }}) as control_margin_amount,
    cast(variant_margin_amount as {{ dbt.type_numeric() }}) as variant_margin_amount,
    cast(difference_amount as {{ dbt.type_numeric() }}) as difference_amount,
    cast(lower_difference_amount as {{ dbt.type_numeric() }}) as lower_difference_amount,
    cast(upper_difference_amount as {{ dbt.type_numeric() }}) as upper_difference_amount,
    cast(p_value as {{ dbt.type_numeric() }}) as p_value,
    cast(confidence_rate as {{ dbt.type_numeric() }}) as confidence_rate,
    verdict,
    reason
from price_test_verdicts
