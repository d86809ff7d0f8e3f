{{ config(materialized='view') }}
-- Tasks write their evidence as they end, some after this is built: a view shows all of it.
with runs as (

    select
        model_runs.*,
        row_number() over (
            partition by model_runs.task
            order by model_runs.created_at desc, model_runs.run_id desc
        ) as newest
    from {{ ref('stg_ml__model_runs') }} as model_runs

)

select
    run_id,
    task,
    as_of_date,
    window_start_date,
    window_end_date,
    observations_count,
    status,
    reason,
    seed,
    fitted_parameters,
    library_versions,
    newest = 1 as is_newest,
    created_at as loaded_at
from runs
