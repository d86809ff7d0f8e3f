with backtests as (

    select * from {{ ref('stg_ml__backtests') }}

),

latest as (

    select
        run_id,
        created_at
    from {{ ref('stg_ml__model_runs') }}
    where
        run_id = (
            select max(run_id) from {{ ref('stg_ml__model_runs') }}
            where task = 'sales_forecast'
        )

)

select
    backtests.series_key,
    backtests.series_level,
    backtests.series_name,
    backtests.horizon_days,
    backtests.model,
    backtests.is_selected,
    cast(backtests.wape as {{ dbt.type_numeric() }}) as wape,
    backtests.best_naive_model,
    cast(backtests.best_naive_wape as {{ dbt.type_numeric() }}) as best_naive_wape,
    cast(backtests.coverage_80 as {{ dbt.type_numeric() }}) as coverage_80,
    cast(backtests.coverage_95 as {{ dbt.type_numeric() }}) as coverage_95,
    backtests.n_origins,
    backtests.reason,
    latest.created_at as loaded_at
from backtests
inner join latest on backtests.run_id = latest.run_id
