with anomalies as (

    select * from {{ source('ml', 'anomalies') }}

)

select
    series_key,
    metric,
    first_date,
    last_date,
    days_count,
    actual_value,
    expected_value,
    difference_value,
    difference_rate,
    z_score,
    direction,
    impact_amount,
    cause_series_key,
    cause_difference_value,
    run_id
from anomalies
