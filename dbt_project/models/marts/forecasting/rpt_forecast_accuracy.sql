with backtests as (

    select * from {{ ref('stg_ml__backtests') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    backtests.series_key,
    backtests.series_level,
    backtests.series_name,
    backtests.horizon_days,
    backtests.model,
    backtests.is_selected,
    cast(backtests.wape as {{ dbt.type_numeric() }}) as wape,
    cast(backtests.rmse as {{ dbt.type_numeric() }}) as rmse,
    backtests.best_naive_model,
    cast(backtests.best_naive_wape as {{ dbt.type_numeric() }}) as best_naive_wape,
    cast(backtests.best_naive_rmse as {{ dbt.type_numeric() }}) as best_naive_rmse,
    cast(backtests.coverage_80 as {{ dbt.type_numeric() }}) as coverage_80,
    cast(backtests.coverage_95 as {{ dbt.type_numeric() }}) as coverage_95,
    backtests.n_origins,
    backtests.reason,
    runs.created_at as loaded_at
from backtests
left join runs on backtests.run_id = runs.run_id
