with margins as (

    select * from {{ ref('fct_order_margins') }}
    where
        order_date in (
            select order_date from {{ ref('fct_order_margins') }}
            where {{ unchecked_only(ref('fct_order_margins')) }}
        )

),

fees as (

    select * from {{ ref('fct_order_fees') }}

),

days as (

    select
        order_date,
        sum(payment_fee_amount) as payment_fee_amount,
        sum(contribution_margin_amount) as contribution_margin_amount
    from {{ ref('rpt_contribution_daily') }}
    group by order_date

),

sums as (

    select
        margins.order_date,
        sum(margins.payment_fee_amount) as borne_amount,
        sum(fees.payment_fee_amount) as payment_fee_amount,
        sum(margins.contribution_margin_amount) as contribution_margin_amount
    from margins
    left join fees on margins.order_key = fees.order_key
    group by margins.order_date

)

select sums.order_date
from sums
left join days on sums.order_date = days.order_date
where
    coalesce(sums.borne_amount, 0) <> coalesce(sums.payment_fee_amount, 0)
    or coalesce(sums.borne_amount, 0) <> coalesce(days.payment_fee_amount, 0)
    or coalesce(sums.contribution_margin_amount, 0) <> coalesce(days.contribution_margin_amount, 0)
