{#- Promises for a week; longer ones are in rpt_forecast_tracking. -#}
{%- set promised_days = 7 -%}

with tracked as (

    select
        forecasts.*,
        row_number() over (
            partition by forecasts.series_key, forecasts.sale_date order by forecasts.as_of_date
        ) as promise_number
    from {{ ref('rpt_forecast_tracking') }} as forecasts
    where horizon_days = {{ promised_days }} and series_level in ('total', 'location', 'category')

),

backtests as (

    select * from {{ ref('stg_ml__backtest_days') }}
    where horizon_days = {{ promised_days }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

reviews as (

    select
        series_key,
        series_level,
        series_name,
        sale_date,
        as_of_date as promised_on_date,
        forecast_amount as promised_amount,
        actual_amount,
        false as is_backtest,
        loaded_at
    from tracked
    where promise_number = 1
    union all
    select
        backtests.series_key,
        backtests.series_level,
        backtests.series_name,
        backtests.sale_date,
        backtests.origin_date as promised_on_date,
        backtests.forecast_amount as promised_amount,
        backtests.actual_amount,
        true as is_backtest,
        runs.created_at as loaded_at
    from backtests
    left join runs on backtests.run_id = runs.run_id
    left join tracked
        on
            backtests.series_key = tracked.series_key
            and backtests.sale_date = tracked.sale_date
            and tracked.promise_number = 1
    where tracked.series_key is null

)

select
    series_key,
    series_level,
    series_name,
    sale_date,
    promised_on_date,
    cast(promised_amount as {{ dbt.type_numeric() }}) as promised_amount,
    cast(actual_amount as {{ dbt.type_numeric() }}) as actual_amount,
    is_backtest,
    loaded_at
from reviews
