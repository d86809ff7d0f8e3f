-- The newest forecast; where there is none, days are as large as the last ones.
select
    series_name as location_name,
    sale_date,
    forecast_amount
from {{ ref('stg_ml__sales_forecasts') }}
where
    series_level = 'location'
    and row_type = 'forecast'
    and horizon_days = 30
    and as_of_date = {{ feature_date() }}
    and sale_date <= cast({{ dbt.dateadd('day', 14, feature_date()) }} as date)
