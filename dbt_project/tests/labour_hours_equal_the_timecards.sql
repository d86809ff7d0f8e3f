-- A timecard of more than two days is a mistake of the till: only its first two days are counted.
{{ config(severity='warn') }}

with spans as (

    select
        location_name,
        sum(direction * {{ dbt.datediff('started_at', 'ended_at', 'second') }}) / 3600.0
            as paid_hours
    from {{ ref('int_labour_spans') }}
    group by location_name

),

hours as (

    select
        location_name,
        sum(paid_hours) as paid_hours
    from {{ ref('fct_labour_hours') }}
    group by location_name

)

select coalesce(spans.location_name, hours.location_name) as location_name
from spans
full outer join hours on spans.location_name = hours.location_name
where abs(coalesce(spans.paid_hours, 0) - coalesce(hours.paid_hours, 0)) > 0.1
