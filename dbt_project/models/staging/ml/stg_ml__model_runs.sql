with model_runs as (

    select * from {{ source('ml', 'model_runs') }}

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
    cast(parameters as {{ dbt.type_string() }}) as fitted_parameters,
    cast(versions as {{ dbt.type_string() }}) as library_versions,
    created_at
from model_runs
