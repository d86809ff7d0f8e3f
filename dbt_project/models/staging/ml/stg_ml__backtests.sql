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
    wape,
    rmse,
    best_naive_model,
    best_naive_wape,
    best_naive_rmse,
    coverage_80,
    coverage_95,
    n_origins,
    reason
from backtests
