with evaluations as (

    select * from {{ source('ml', 'evaluations') }}

)

select
    run_id,
    subject,
    model,
    metric,
    value as metric_value,
    is_baseline,
    is_selected,
    observations_count,
    note
from evaluations
