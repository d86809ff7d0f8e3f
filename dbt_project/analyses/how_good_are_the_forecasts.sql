-- How far off are forecasts: on past days they had not seen, and since they were made?
with judged as (

    select
        series_level,
        horizon_days,
        count(*) as series_count,
        round(avg(wape), 3) as backtest_wape,
        round(avg(best_naive_wape), 3) as simple_rule_wape
    from {{ ref('rpt_forecast_accuracy') }}
    where is_selected
    group by series_level, horizon_days

),

-- Nothing until the first foretold days are over.
happened as (

    select
        series_level,
        horizon_days,
        count(*) as days_count,
        round(sum(abs(error_amount)) / nullif(sum(abs(actual_amount)), 0), 3) as wape,
        round(avg(case when is_inside_80 then 1.0 else 0.0 end), 3) as coverage_80
    from {{ ref('rpt_forecast_tracking') }}
    group by series_level, horizon_days

)

select
    judged.series_level,
    judged.horizon_days,
    judged.series_count,
    judged.backtest_wape,
    judged.simple_rule_wape,
    happened.days_count as days_since,
    happened.wape as wape_since,
    happened.coverage_80 as coverage_80_since
from judged
left join happened
    on
        judged.series_level = happened.series_level
        and judged.horizon_days = happened.horizon_days
order by judged.series_level, judged.horizon_days
