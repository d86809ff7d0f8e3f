select
    sale_date as date_day,
    location_name,
    cast(sum(units) as {{ dbt.type_float() }}) as units,
    sum(known_cost_net_amount) as known_cost_net_amount,
    sum(known_cost_net_amount - cost_amount) as gross_margin_amount
from {{ ref('rpt_margin_daily') }}
where sale_date <= {{ feature_date() }} and location_name is not null
group by 1, 2
having sum(known_cost_net_amount) > 0
