with as_of as (

    select {{ as_of_date() }} as period_end_date

),

judged_period as (

    -- Thirteen weeks hold each weekday as often as the other.
    select
        period_end_date,
        cast({{ dbt.dateadd('day', -90, 'period_end_date') }} as date) as period_start_date
    from as_of

),

labour as (

    select
        labour_hours.location_key,
        {{ iso_weekday('labour_hours.work_date') }} as day_of_week_number,
        labour_hours.work_hour as hour_of_day,
        sum(labour_hours.paid_hours) as paid_hours,
        sum(labour_hours.labour_cost_amount) as labour_cost_amount,
        count(distinct labour_hours.work_date) as staffed_days_count,
        max(labour_hours.load_number) as load_number
    from {{ ref('fct_labour_hours') }} as labour_hours
    cross join judged_period
    where
        labour_hours.work_date >= judged_period.period_start_date
        and labour_hours.work_date <= judged_period.period_end_date
    group by 1, 2, 3

),

sales as (

    select
        hours.location_key,
        hours.day_of_week_number,
        hours.sale_hour as hour_of_day,
        sum(hours.orders_count) as orders_count,
        sum(hours.net_amount) as net_amount,
        max(hours.load_number) as load_number
    from {{ ref('rpt_sales_hourly') }} as hours
    cross join judged_period
    where
        hours.sale_hour is not null
        and hours.sale_date >= judged_period.period_start_date
        and hours.sale_date <= judged_period.period_end_date
    group by 1, 2, 3

),

hours_of_week as (

    select
        coalesce(labour.location_key, sales.location_key) as location_key,
        coalesce(labour.day_of_week_number, sales.day_of_week_number) as day_of_week_number,
        coalesce(labour.hour_of_day, sales.hour_of_day) as hour_of_day,
        coalesce(labour.staffed_days_count, 0) as staffed_days_count,
        labour.paid_hours,
        labour.labour_cost_amount,
        coalesce(sales.orders_count, 0) as orders_count,
        coalesce(sales.net_amount, 0) as net_amount,
        greatest(labour.load_number, sales.load_number) as load_number
    from labour
    full outer join sales
        on
            labour.location_key = sales.location_key
            and labour.day_of_week_number = sales.day_of_week_number
            and labour.hour_of_day = sales.hour_of_day

)

select
    hours_of_week.location_key,
    locations.location_name,
    cast(hours_of_week.day_of_week_number as {{ dbt.type_int() }}) as day_of_week_number,
    {{ day_name('hours_of_week.day_of_week_number') }} as day_name,
    hours_of_week.hour_of_day,
    judged_period.period_start_date,
    judged_period.period_end_date,
    hours_of_week.staffed_days_count,
    cast(hours_of_week.paid_hours as {{ dbt.type_numeric() }}) as paid_hours,
    cast(
        hours_of_week.paid_hours / nullif(hours_of_week.staffed_days_count, 0)
        as {{ dbt.type_numeric() }}
    ) as mean_paid_hours,
    cast(hours_of_week.labour_cost_amount as {{ dbt.type_numeric() }}) as labour_cost_amount,
    cast(hours_of_week.orders_count as {{ dbt.type_bigint() }}) as orders_count,
    cast(hours_of_week.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(
        hours_of_week.orders_count / nullif(hours_of_week.paid_hours, 0)
        as {{ dbt.type_numeric() }}
    ) as orders_per_labour_hour_rate,
    cast(
        hours_of_week.net_amount / nullif(hours_of_week.paid_hours, 0) as {{ dbt.type_numeric() }}
    ) as net_per_labour_hour_amount,
    cast(
        case
            when hours_of_week.net_amount > 0
                then hours_of_week.labour_cost_amount / hours_of_week.net_amount
        end as {{ dbt.type_numeric() }}
    ) as labour_cost_rate,
    hours_of_week.load_number
from hours_of_week
cross join judged_period
left join {{ ref('dim_locations') }} as locations
    on hours_of_week.location_key = locations.location_key
