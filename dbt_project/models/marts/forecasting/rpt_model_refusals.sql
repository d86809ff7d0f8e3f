{{ config(materialized='view') }}
with refusals as (

    select * from {{ ref('stg_ml__refusals') }}

),

runs as (

    select * from {{ ref('rpt_model_runs') }}
    where is_newest

)

select
    runs.task,
    refusals.subject,
    refusals.observations_count,
    refusals.reason,
    runs.as_of_date,
    runs.loaded_at
from refusals
inner join runs on refusals.run_id = runs.run_id
