with anomalies as (

    select * from {{ ref('stg_ml__anomalies') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

),

as_of as (

    select max(as_of_date) as as_of_date from runs
    where task = 'find_anomalies'

)

select
    anomalies.series_key,
    {{ series_level('anomalies.series_key') }} as series_level,
    {{ series_name('anomalies.series_key') }} as series_name,
    locations.location_key,
    anomalies.metric,
    anomalies.first_date,
    anomalies.last_date,
    cast(anomalies.days_count as {{ dbt.type_bigint() }}) as days_count,
    anomalies.direction,
    cast(anomalies.actual_value as {{ dbt.type_numeric() }}) as actual_value,
    cast(anomalies.expected_value as {{ dbt.type_numeric() }}) as expected_value,
    cast(anomalies.difference_value as {{ dbt.type_numeric() }}) as difference_value,
    cast(anomalies.difference_rate as {{ dbt.type_numeric() }}) as difference_rate,
    cast(anomalies.z_score as {{ dbt.type_numeric() }}) as z_score,
    cast(anomalies.impact_amount as {{ dbt.type_numeric() }}) as impact_amount,
    anomalies.cause_series_key,
    cast(anomalies.cause_difference_value as {{ dbt.type_numeric() }}) as cause_difference_value,
    {{ dbt.datediff('anomalies.last_date', 'as_of.as_of_date', 'day') }} <= 7 as is_recent,
    runs.created_at as loaded_at
from anomalies
cross join as_of
left join runs on anomalies.run_id = runs.run_id
left join {{ ref('dim_locations') }} as locations
    on anomalies.series_key = {{ dbt.concat(["'location:'", 'locations.location_name']) }}
