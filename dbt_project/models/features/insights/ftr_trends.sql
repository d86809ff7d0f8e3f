select
    trends.series_key,
    trends.metric,
    trends.level_value,
    trends.weekly_change_value,
    trends.direction,
    trends.break_date,
    trends.before_break_value,
    trends.after_break_value,
    trends.impact_amount,
    trends.break_impact_amount,
    locations.location_key
from {{ ref('stg_ml__trends') }} as trends
left join {{ ref('dim_locations') }} as locations
    on trends.series_key = {{ dbt.concat(["'location:'", 'locations.location_name']) }}
where trends.series_key not like 'product:%'
