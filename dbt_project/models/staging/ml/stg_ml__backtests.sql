with backtests as (

    select * from {{ source('ml', 'backtests') }}

)

select
    run_id,
    series_key,
    series_level,
    series_name,
    horizon_days,
    model,
    is_selected,
    -- Infinite where nothing was sold on the days of the tests.
    nullif(wape, cast('Infinity' as {{ dbt.type_float() }})) as wape,
    rmse,
    best_naive_model,
    nullif(best_naive_wape, cast('Infinity' as {{ dbt.type_float() }})) as best_naive_wape,
    best_naive_rmse,
    coverage_80,
    coverage_95,
    n_origins,
    reason
from backtests
