with refusals as (

    select * from {{ source('ml', 'refusals') }}

)

select
    run_id,
    subject,
    observations_count,
    reason
from refusals
