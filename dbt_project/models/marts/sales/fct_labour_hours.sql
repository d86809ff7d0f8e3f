with spans as (

    select
        *,
        4 * ({{ dbt.datediff('started_at', 'ended_at', 'hour') }} + 1) as quarters_count
    from {{ ref('int_labour_spans') }}

),

-- Two days of quarters of an hour: any local hour, whatever its distance from UTC, is made of them.
quarters as (

    select distinct cast(generated_number as {{ dbt.type_int() }}) as quarter_number
    from ({{ dbt.generate_series(192) }}) as numbers

),

slots as (

    select
        spans.*,
        {{ dbt.dateadd(
            'minute', '(quarters.quarter_number - 1) * 15',
            dbt.date_trunc('hour', 'spans.started_at')
        ) }} as slot_started_at,
        {{ dbt.dateadd(
            'minute', 'quarters.quarter_number * 15', dbt.date_trunc('hour', 'spans.started_at')
        ) }} as slot_ended_at
    from spans
    inner join quarters on spans.quarters_count >= quarters.quarter_number

),

worked as (

    select
        slots.*,
        direction * {{ dbt.datediff(
            'greatest(started_at, slot_started_at)', 'least(ended_at, slot_ended_at)', 'second'
        ) }} as paid_seconds,
        {{ local_time('slot_started_at', 'time_zone') }} as slot_started_local
    from slots
    where slot_started_at < ended_at and slot_ended_at > started_at

),

hours as (

    select
        cast(slot_started_local as date) as work_date,
        {{ local_hour('slot_started_local') }} as work_hour,
        location_name,
        job_name,
        count(distinct source_team_member_id) as staff_count,
        sum(paid_seconds) as paid_seconds,
        sum(case when hourly_wage_amount is not null then paid_seconds else 0 end)
            as known_wage_seconds,
        sum(paid_seconds * hourly_wage_amount) as wage_seconds,
        max(load_number) as load_number
    from worked
    group by 1, 2, 3, 4

)

select
    work_date,
    work_hour,
    {{ location_key('location_name') }} as location_key,
    location_name,
    job_name,
    staff_count,
    cast(paid_seconds / 3600.0 as {{ dbt.type_numeric() }}) as paid_hours,
    cast(known_wage_seconds / 3600.0 as {{ dbt.type_numeric() }}) as known_wage_hours,
    cast(wage_seconds / 3600.0 as {{ dbt.type_numeric() }}) as labour_cost_amount,
    {{ business_setting('currency_code') }} as currency_code,
    load_number
from hours
