with as_of as (

    select {{ as_of_date() }} as as_of_date

),

months as (

    select
        fct_customer_months.*,
        min(case when orders_count > 0 then month_start_date end)
            over (partition by customer_key) as cohort_month
    from {{ ref('fct_customer_months') }} as fct_customer_months
    where month_start_date is not null

),

cohorts as (

    select
        cohort_month,
        count(distinct customer_key) as cohort_customers_count,
        max(load_number) as load_number
    from months
    where cohort_month is not null
    group by cohort_month

),

-- Every month that has begun is there, so that a cohort nobody of which came shows 0.
grid as (

    select
        cohorts.cohort_month,
        cohorts.cohort_customers_count,
        cohorts.load_number,
        dates.month_start_date,
        as_of.as_of_date
    from cohorts
    cross join as_of
    inner join {{ ref('dim_dates') }} as dates
        on
            dates.date_day = dates.month_start_date
            and cohorts.cohort_month <= dates.date_day
            and as_of.as_of_date >= dates.date_day

),

activity as (

    select
        cohort_month,
        month_start_date,
        sum(case when orders_count > 0 then 1 else 0 end) as customers_count,
        sum(net_amount) as net_amount
    from months
    group by cohort_month, month_start_date

)

select
    grid.cohort_month,
    {{ months_between('grid.cohort_month', 'grid.month_start_date') }} as months_since_first,
    cast(coalesce(activity.customers_count, 0) as {{ dbt.type_bigint() }}) as customers_count,
    cast(coalesce(activity.net_amount, 0) as {{ dbt.type_numeric() }}) as net_amount,
    grid.cohort_customers_count,
    cast(
        coalesce(activity.customers_count, 0) * 1.0 / grid.cohort_customers_count
        as {{ dbt.type_numeric() }}
    ) as retention_rate,
    -- The running month is censored: its customers may still come.
    grid.as_of_date >= {{ dbt.last_day('grid.month_start_date', 'month') }} as is_complete,
    grid.load_number
from grid
left join activity
    on
        grid.cohort_month = activity.cohort_month
        and grid.month_start_date = activity.month_start_date
