with margins as (

    select
        order_date,
        sum(net_amount) as net_amount,
        sum(known_cost_net_amount) as known_cost_net_amount,
        sum(contribution_margin_amount) as contribution_margin_amount,
        max(load_number) as load_number
    from {{ ref('rpt_contribution_daily') }}
    group by order_date

),

spend as (

    select
        spend_date,
        sum(spend_amount) as ad_spend_amount,
        max(load_number) as load_number
    from {{ ref('fct_marketing_spend') }}
    where currency_code = {{ business_setting('currency_code') }}
    group by spend_date

),

-- Between its first and its last day a record of spend tells of days without any by leaving them out.
told as (

    select
        min(spend_date) as first_date,
        max(spend_date) as last_date
    from spend

),

days as (

    select
        coalesce(margins.order_date, spend.spend_date) as order_date,
        coalesce(margins.net_amount, 0) as net_amount,
        coalesce(margins.known_cost_net_amount, 0) as known_cost_net_amount,
        case
            when margins.order_date is null then 0
            else margins.contribution_margin_amount
        end as contribution_margin_amount,
        spend.ad_spend_amount,
        greatest(
            coalesce(margins.load_number, spend.load_number),
            coalesce(spend.load_number, margins.load_number)
        ) as load_number
    from margins
    full outer join spend on margins.order_date = spend.spend_date

),

spent as (

    select
        days.*,
        case
            when days.order_date between told.first_date and told.last_date
                then coalesce(days.ad_spend_amount, 0)
        end as known_ad_spend_amount
    from days
    cross join told

)

select
    order_date,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(contribution_margin_amount as {{ dbt.type_numeric() }}) as contribution_margin_amount,
    cast(known_ad_spend_amount as {{ dbt.type_numeric() }}) as ad_spend_amount,
    cast(contribution_margin_amount - known_ad_spend_amount as {{ dbt.type_numeric() }})
        as contribution_margin_after_ads_amount,
    cast(case
        when net_amount > 0 then known_cost_net_amount / net_amount
    end as {{ dbt.type_numeric() }}) as cost_coverage_rate,
    load_number
from spent
