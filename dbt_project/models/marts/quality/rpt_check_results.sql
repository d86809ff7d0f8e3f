{{ config(materialized='view') }}

with results as (

    select
        check_results.*,
        row_number() over (
            partition by check_source, check_name, asset_name
            order by checked_at desc, check_result_id desc
        ) as recency_rank
    from {{ ref('stg_quality__check_results') }} as check_results

)

select
    check_name,
    check_source,
    asset_name,
    severity,
    status,
    observed_value,
    message,
    checked_at
from results
where recency_rank = 1
