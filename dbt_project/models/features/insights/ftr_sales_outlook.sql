select
    sum(case when row_type = 'forecast' then forecast_amount end) as forecast_amount,
    sum(
        case
            when
                row_type = 'actual'
                and sale_date > cast({{ dbt.dateadd('day', -30, 'as_of_date') }} as date)
                then actual_amount
        end
    ) as actual_amount
from {{ ref('stg_ml__sales_forecasts') }}
where series_key = 'total' and horizon_days = 30
