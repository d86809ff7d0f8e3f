with check_results as (

    select * from {{ source('quality', 'check_results') }}

)

select
    check_result_id,
    run_id,
    check_name,
    check_source,
    asset_name,
    severity,
    status,
    observed_value,
    message,
    checked_at
from check_results
