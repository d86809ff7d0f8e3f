with backtests as (

    select * from {{ ref('stg_ml__backtests') }}

)

select
    series_key,
    series_level,
    series_name,
    horizon_days,
    model,
    is_selected,
    cast(wape as {{ dbt.type_numeric() }}) as wape,
    cast(rmse as {{ dbt.type_numeric() }}) as rmse,
    best_naive_model,
    cast(best_naive_wape as {{ dbt.type_numeric() }}) as best_naive_wape,
    cast(best_naive_rmse as {{ dbt.type_numeric() }}) as best_naive_rmse,
    cast(coverage_80 as {{ dbt.type_numeric() }}) as coverage_80,
    cast(coverage_95 as {{ dbt.type_numeric() }}) as coverage_95,
    n_origins,
    reason
from backtests
