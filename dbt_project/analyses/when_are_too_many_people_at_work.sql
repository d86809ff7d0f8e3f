-- In which hours of the week does an hour of work bring in the least?
select
    location_name,
    day_name,
    hour_of_day,
    mean_paid_hours,
    net_per_labour_hour_amount,
    labour_cost_rate
from {{ ref('rpt_labour_hourly') }}
where paid_hours > 0
order by net_per_labour_hour_amount nulls first
limit 20
