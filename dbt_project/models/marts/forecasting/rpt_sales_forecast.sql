with forecasts as (

    select * from {{ ref('stg_ml__sales_forecasts') }}

)

select
    series_key,
    series_level,
    series_name,
    as_of_date,
    horizon_days,
    sale_date,
    row_type,
    cast(actual_amount as {{ dbt.type_numeric() }}) as actual_amount,
    cast(forecast_amount as {{ dbt.type_numeric() }}) as forecast_amount,
    cast(lower_80_amount as {{ dbt.type_numeric() }}) as lower_80_amount,
    cast(upper_80_amount as {{ dbt.type_numeric() }}) as upper_80_amount,
    cast(lower_95_amount as {{ dbt.type_numeric() }}) as lower_95_amount,
    cast(upper_95_amount as {{ dbt.type_numeric() }}) as upper_95_amount,
    model
from forecasts
