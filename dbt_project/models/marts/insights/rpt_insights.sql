with insights as (

    select * from {{ ref('stg_ml__insights') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    insights.insight_key,
    insights.as_of_date,
    cast(insights.insight_rank as {{ dbt.type_bigint() }}) as insight_rank,
    insights.topic,
    insights.kind,
    insights.subject,
    insights.location_key,
    locations.location_name,
    insights.headline,
    insights.evidence,
    insights.action,
    cast(insights.impact_amount as {{ dbt.type_numeric() }}) as impact_amount,
    insights.impact_basis,
    insights.act_by_date,
    insights.evidence_mart,
    insights.evidence_filter,
    insights.certainty,
    runs.created_at as loaded_at
from insights
left join runs on insights.run_id = runs.run_id
left join {{ ref('dim_locations') }} as locations
    on insights.location_key = locations.location_key
