with forecasts as (

    select * from {{ ref('stg_ml__sales_forecasts') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    forecasts.series_key,
    forecasts.series_level,
    forecasts.series_name,
    forecasts.as_of_date,
    forecasts.horizon_days,
    forecasts.sale_date,
    forecasts.row_type,
    cast(forecasts.actual_amount as {{ dbt.type_numeric() }}) as actual_amount,
    cast(forecasts.forecast_amount as {{ dbt.type_numeric() }}) as forecast_amount,
    cast(forecasts.lower_80_amount as {{ dbt.type_numeric() }}) as lower_80_amount,
    cast(forecasts.upper_80_amount as {{ dbt.type_numeric() }}) as upper_80_amount,
    cast(forecasts.lower_95_amount as {{ dbt.type_numeric() }}) as lower_95_amount,
    cast(forecasts.upper_95_amount as {{ dbt.type_numeric() }}) as upper_95_amount,
    forecasts.model,
    runs.created_at as loaded_at
from forecasts
left join runs on forecasts.run_id = runs.run_id
