-- How good were the forecasts of each week ahead, now that the days are over?
select
    series_level,
    days_ahead,
    count(*) as days_count,
    round(sum(abs(error_amount)) / nullif(sum(abs(actual_amount)), 0), 3) as wape,
    round(avg(case when is_inside_80 then 1.0 else 0.0 end), 3) as coverage_80
from {{ ref('rpt_forecast_tracking') }}
where horizon_days = 7
group by series_level, days_ahead
order by series_level, days_ahead
