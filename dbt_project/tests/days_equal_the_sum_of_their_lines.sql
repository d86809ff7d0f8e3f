with days as (

    select
        sale_date,
        sum(net_amount) as net_amount,
        sum(units) as units
    from {{ ref('rpt_sales_daily') }}
    group by sale_date

),

outcomes as (

    select
        sale_date,
        sum(case when outcome = 'counted' then net_amount else 0 end) as net_amount,
        sum(case when outcome = 'counted' then units else 0 end) as units
    from {{ ref('fct_sale_outcomes_daily') }}
    group by sale_date

)

select coalesce(days.sale_date, outcomes.sale_date) as sale_date
from days
full outer join outcomes on days.sale_date = outcomes.sale_date
where
    coalesce(days.net_amount, 0) <> coalesce(outcomes.net_amount, 0)
    or coalesce(days.units, 0) <> coalesce(outcomes.units, 0)
