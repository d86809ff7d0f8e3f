with backtest_days as (

    select * from {{ source('ml', 'backtest_days') }}

)

select
    run_id,
    series_key,
    series_level,
    series_name,
    horizon_days,
    origin_date,
    sale_date,
    forecast_amount,
    actual_amount
from backtest_days
