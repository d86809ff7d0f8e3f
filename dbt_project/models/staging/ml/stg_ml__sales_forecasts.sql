with sales_forecasts as (

    select * from {{ source('ml', 'sales_forecast') }}

)

select
    series_key,
    series_level,
    series_name,
    as_of_date,
    horizon_days,
    sale_date,
    row_type,
    actual_amount,
    forecast_amount,
    lower_80_amount,
    upper_80_amount,
    lower_95_amount,
    upper_95_amount,
    model,
    run_id
from sales_forecasts
