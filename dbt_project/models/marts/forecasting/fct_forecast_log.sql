{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key=['as_of_date', 'series_key', 'horizon_days', 'sale_date'],
    on_schema_change='fail', full_refresh=false, indexes=[{'columns': ['sale_date']}]
) }}
-- Built anew never: what was foretold cannot be foretold again.
with forecasts as (

    select * from {{ ref('stg_ml__sales_forecasts') }}
    where row_type = 'forecast'

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    forecasts.as_of_date,
    forecasts.series_key,
    forecasts.series_level,
    forecasts.series_name,
    forecasts.horizon_days,
    forecasts.sale_date,
    {% for amount in (
        'forecast_amount', 'lower_80_amount', 'upper_80_amount', 'lower_95_amount',
        'upper_95_amount',
    ) %}
        cast(forecasts.{{ amount }} as {{ dbt.type_numeric() }}) as {{ amount }},
    {% endfor %}
    forecasts.model,
    runs.created_at as loaded_at
from forecasts
left join runs on forecasts.run_id = runs.run_id
