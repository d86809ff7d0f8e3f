with trends as (

    select * from {{ ref('stg_ml__trends') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    trends.series_key,
    {{ series_level('trends.series_key') }} as series_level,
    {{ series_name('trends.series_key') }} as series_name,
    locations.location_key,
    trends.metric,
    trends.first_date,
    trends.last_date,
    cast(trends.weeks_count as {{ dbt.type_bigint() }}) as weeks_count,
    trends.direction,
    {% for value in (
        'level_value', 'weekly_change_value', 'weekly_change_rate', 'lower_95_change_value',
        'upper_95_change_value', 'year_ago_value'
    ) %}
        cast(trends.{{ value }} as {{ dbt.type_numeric() }}) as {{ value }},
    {% endfor %}
    cast(
        trends.level_value / nullif(trends.year_ago_value, 0) - 1 as {{ dbt.type_numeric() }}
    ) as year_over_year_rate,
    trends.break_date,
    {% for value in (
        'before_break_value', 'after_break_value', 'impact_amount', 'break_impact_amount'
    ) %}
        cast(trends.{{ value }} as {{ dbt.type_numeric() }}) as {{ value }},
    {% endfor %}
    trends.is_seasonally_adjusted,
    runs.created_at as loaded_at
from trends
left join runs on trends.run_id = runs.run_id
left join {{ ref('dim_locations') }} as locations
    on trends.series_key = {{ dbt.concat(["'location:'", 'locations.location_name']) }}
