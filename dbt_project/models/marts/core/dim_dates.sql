with spine as (

    {{ dbt.date_spine(
        datepart="day",
        start_date="cast('1995-01-01' as date)",
        end_date="cast('2040-01-01' as date)"
    ) }}

),

days as (

    select cast(date_day as date) as date_day from spine

),

closures as (

    select * from {{ ref('stg_settings__closures') }}

),

closed_days as (

    select distinct days.date_day
    from days
    inner join closures
        on days.date_day >= closures.first_date and days.date_day <= closures.last_date

),

weekdays as (

    select
        date_day,
        {{ iso_weekday('date_day') }} as day_of_week_number
    from days

),

final as (

    select
        weekdays.date_day,
        cast({{ dbt.dateadd(
            'day',
            "-mod(day_of_week_number - " ~ business_setting('week_start_number') ~ " + 7, 7)",
            'weekdays.date_day'
        ) }} as date) as week_start_date,
        {{ month_start('weekdays.date_day') }} as month_start_date,
        cast({{ dbt.date_trunc('quarter', 'weekdays.date_day') }} as date) as quarter_start_date,
        cast(extract(year from weekdays.date_day) as {{ dbt.type_int() }}) as year_number,
        cast(extract(month from weekdays.date_day) as {{ dbt.type_int() }}) as month_number,
        case cast(extract(month from weekdays.date_day) as {{ dbt.type_int() }})
            when 1 then 'January' when 2 then 'February' when 3 then 'March'
            when 4 then 'April' when 5 then 'May' when 6 then 'June'
            when 7 then 'July' when 8 then 'August' when 9 then 'September'
            when 10 then 'October' when 11 then 'November' else 'December'
        end as month_name,
        weekdays.day_of_week_number,
        {{ day_name('weekdays.day_of_week_number') }} as day_name,
        weekdays.day_of_week_number >= 6 as is_weekend,
        closed_days.date_day is not null as is_closed
    from weekdays
    left join closed_days on weekdays.date_day = closed_days.date_day

)

select * from final
