with steps as (

    select
        order_date,
        location_key,
        channel_key,
        sum(case when step_number <= 3 then amount else 0 end) as net_amount,
        sum(amount) as contribution_margin_amount
    from {{ ref('rpt_profit_steps_daily') }}
    group by order_date, location_key, channel_key

),

steps_in_all as (

    select coalesce(sum(net_amount), 0) as net_amount from steps

),

sales_in_all as (

    select coalesce(sum(net_amount), 0) as net_amount from {{ ref('rpt_sales_daily') }}

),

differing_days as (

    select cast(contributions.order_date as {{ dbt.type_string() }}) as difference
    from {{ ref('rpt_contribution_daily') }} as contributions
    left join steps
        on
            contributions.order_date = steps.order_date
            and contributions.location_key = steps.location_key
            and contributions.channel_key = steps.channel_key
    where
        contributions.net_amount <> coalesce(steps.net_amount, 0)
        or coalesce(contributions.contribution_margin_amount, 0)
        <> coalesce(steps.contribution_margin_amount, 0)

)

select difference from differing_days
union all
select 'net sales of all days' as difference
from steps_in_all
cross join sales_in_all
where steps_in_all.net_amount <> sales_in_all.net_amount
