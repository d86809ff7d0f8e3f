with spend as (

    select
        month_start_date as cohort_month,
        source_system as spend_source,
        spend_amount,
        load_number
    from {{ ref('fct_marketing_spend_monthly') }}

),

customers as (

    select
        customer_key,
        first_order_key,
        {{ month_start('first_order_date') }} as cohort_month
    from {{ ref('dim_customers') }}
    where first_order_key is not null

),

last_touches as (

    select
        order_key,
        is_paid
    from {{ ref('rpt_customer_journey') }}
    where touchpoint_number = touchpoints_count and is_tracked

),

as_of as (

    -- The month of tomorrow: the one before it is complete.
    select {{ month_start(dbt.dateadd('day', 1, as_of_date())) }} as open_month

),

cohorts as (

    select
        customers.cohort_month,
        count(*) as new_customers_count,
        sum(case when last_touches.is_paid then 1 else 0 end) as paid_new_customers_count
    from customers
    left join last_touches on customers.first_order_key = last_touches.order_key
    group by customers.cohort_month

),

margins as (

    select
        customers.cohort_month,
        {{ months_between('customers.cohort_month', 'active.month_start_date') }}
            as months_since_first,
        sum(active.net_amount) as net_amount,
        sum(active.known_cost_net_amount) as known_cost_net_amount,
        sum(active.margin_amount) as margin_amount,
        max(active.load_number) as load_number
    from {{ ref('fct_customer_months') }} as active
    inner join customers on active.customer_key = customers.customer_key
    group by 1, 2

),

cumulated as (

    select
        margins.*,
        sum(margin_amount) over (
            partition by cohort_month
            order by months_since_first
            rows between unbounded preceding and current row
        ) as margin_to_date_amount
    from margins
    where months_since_first < 12

),

months as (

    select cohort_month from spend
    union
    select cohort_month from cohorts

),

costs as (

    select
        months.cohort_month,
        spend.spend_amount,
        spend.spend_source,
        coalesce(cohorts.new_customers_count, 0) as new_customers_count,
        coalesce(cohorts.paid_new_customers_count, 0) as paid_new_customers_count,
        least(greatest({{ months_between('months.cohort_month', 'as_of.open_month') }}, 0), 12)
            as observed_months_count,
        spend.spend_amount / nullif(cohorts.new_customers_count, 0) as blended_cac_amount,
        spend.spend_amount / nullif(cohorts.paid_new_customers_count, 0) as paid_cac_amount,
        spend.load_number
    from months
    cross join as_of
    left join spend on months.cohort_month = spend.cohort_month
    left join cohorts on months.cohort_month = cohorts.cohort_month

),

values_of_cohorts as (

    select
        costs.cohort_month,
        sum(cumulated.net_amount) as net_amount,
        sum(cumulated.known_cost_net_amount) as known_cost_net_amount,
        sum(cumulated.margin_amount) as margin_amount,
        min(
            case
                when cumulated.margin_to_date_amount >= costs.spend_amount
                    then cumulated.months_since_first
            end
        ) as payback_months_count,
        max(cumulated.load_number) as load_number
    from costs
    inner join cumulated on costs.cohort_month = cumulated.cohort_month
    group by costs.cohort_month

)

select
    costs.cohort_month,
    cast(costs.spend_amount as {{ dbt.type_numeric() }}) as spend_amount,
    costs.spend_source,
    cast(costs.new_customers_count as {{ dbt.type_bigint() }}) as new_customers_count,
    cast(costs.paid_new_customers_count as {{ dbt.type_bigint() }}) as paid_new_customers_count,
    cast(costs.blended_cac_amount as {{ dbt.type_numeric() }}) as blended_cac_amount,
    cast(costs.paid_cac_amount as {{ dbt.type_numeric() }}) as paid_cac_amount,
    costs.observed_months_count,
    costs.observed_months_count < 12 as is_right_censored,
    cast(earned.margin_amount as {{ dbt.type_numeric() }}) as margin_amount,
    cast(
        case when earned.net_amount > 0 then earned.known_cost_net_amount / earned.net_amount end
        as {{ dbt.type_numeric() }}
    ) as cost_coverage_rate,
    cast(
        case
            when earned.known_cost_net_amount <> 0
                then earned.margin_amount / nullif(costs.new_customers_count, 0)
        end as {{ dbt.type_numeric() }}
    ) as margin_ltv_amount,
    cast(
        case
            when earned.known_cost_net_amount <> 0
                then earned.margin_amount / nullif(costs.spend_amount, 0)
        end as {{ dbt.type_numeric() }}
    ) as ltv_to_cac_rate,
    case when costs.spend_amount > 0 then earned.payback_months_count end as payback_months_count,
    greatest(costs.load_number, earned.load_number) as load_number
from costs
left join values_of_cohorts as earned on costs.cohort_month = earned.cohort_month
