{{ config(materialized='view') }}
with evaluations as (

    select * from {{ ref('stg_ml__evaluations') }}

),

runs as (

    select * from {{ ref('rpt_model_runs') }}
    where is_newest

)

select
    runs.task,
    evaluations.subject,
    evaluations.model,
    evaluations.metric,
    cast(evaluations.metric_value as {{ dbt.type_numeric() }}) as metric_value,
    evaluations.is_baseline,
    evaluations.is_selected,
    evaluations.observations_count,
    evaluations.note,
    runs.as_of_date,
    runs.loaded_at
from evaluations
inner join runs on evaluations.run_id = runs.run_id
