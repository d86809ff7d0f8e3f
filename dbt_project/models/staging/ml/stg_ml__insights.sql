with insights as (

    select * from {{ source('ml', 'insights') }}

)

select
    insight_key,
    as_of_date,
    insight_rank,
    topic,
    kind,
    subject,
    location_key,
    headline,
    evidence,
    action,
    impact_amount,
    impact_basis,
    act_by_date,
    evidence_mart,
    evidence_filter,
    certainty,
    run_id
from insights
