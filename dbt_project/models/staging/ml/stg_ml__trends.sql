with trends as (

    select * from {{ source('ml', 'trends') }}

)

select
    series_key,
    metric,
    first_date,
    last_date,
    weeks_count,
    level_value,
    weekly_change_value,
    weekly_change_rate,
    lower_95_change_value,
    upper_95_change_value,
    direction,
    break_date,
    before_break_value,
    after_break_value,
    year_ago_value,
    impact_amount,
    break_impact_amount,
    is_seasonally_adjusted,
    run_id
from trends
