select
    anomalies.series_key,
    anomalies.metric,
    anomalies.first_date,
    anomalies.last_date,
    anomalies.days_count,
    anomalies.actual_value,
    anomalies.expected_value,
    anomalies.difference_rate,
    anomalies.z_score,
    anomalies.direction,
    anomalies.impact_amount,
    anomalies.cause_series_key,
    locations.location_key
from {{ ref('stg_ml__anomalies') }} as anomalies
left join {{ ref('dim_locations') }} as locations
    on anomalies.series_key = {{ dbt.concat(["'location:'", 'locations.location_name']) }}
where anomalies.series_key not like 'product:%'
