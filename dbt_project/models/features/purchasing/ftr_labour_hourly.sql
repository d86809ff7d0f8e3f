-- Days to come are what is scheduled.
select
    location_key,
    work_date,
    work_hour,
    sum(paid_hours) as paid_hours
from {{ ref('fct_labour_hours') }}
where work_date > cast({{ dbt.dateadd('day', -57, feature_date()) }} as date)
group by location_key, work_date, work_hour
