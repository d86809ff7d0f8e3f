{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key=['as_of_date', 'series_key', 'horizon_days', 'sale_date'],
    on_schema_change='fail', full_refresh=false, indexes=[{'columns': ['sale_date']}]
) }}
-- Built anew never: what was foretold cannot be foretold again.
select
    as_of_date,
    series_key,
    series_level,
    series_name,
    horizon_days,
    sale_date,
    cast(forecast_amount as {{ dbt.type_numeric() }}) as forecast_amount,
    cast(lower_80_amount as {{ dbt.type_numeric() }}) as lower_80_amount,
    cast(upper_80_amount as {{ dbt.type_numeric() }}) as upper_80_amount,
    cast(lower_95_amount as {{ dbt.type_numeric() }}) as lower_95_amount,
    cast(upper_95_amount as {{ dbt.type_numeric() }}) as upper_95_amount,
    model
from {{ ref('stg_ml__sales_forecasts') }}
where row_type = 'forecast'
