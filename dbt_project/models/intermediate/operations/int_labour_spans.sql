with timecards as (

    select * from {{ ref('stg_square__timecards') }}
    where ended_at > started_at

),

breaks as (

    select * from {{ ref('stg_square__timecard_breaks') }}
    where not is_paid and ended_at > started_at

),

locations as (

    select * from {{ ref('stg_square__locations') }}

),

usual_jobs as (

    select * from {{ ref('stg_square__team_member_jobs') }}
    where job_position = 0

),

cards as (

    select
        timecards.source_timecard_id,
        timecards.source_team_member_id,
        locations.location_name,
        locations.time_zone,
        coalesce(timecards.job_name, usual_jobs.job_name, 'No job named') as job_name,
        coalesce(timecards.hourly_wage_amount, usual_jobs.hourly_wage_amount)
            as hourly_wage_amount,
        timecards.started_at,
        timecards.ended_at,
        timecards.load_number
    from timecards
    inner join locations on timecards.source_location_id = locations.source_location_id
    left join usual_jobs
        on timecards.source_team_member_id = usual_jobs.source_team_member_id

)

select
    cards.*,
    1 as direction
from cards
union all
-- An unpaid break takes back what its timecard counts.
select
    cards.source_timecard_id,
    cards.source_team_member_id,
    cards.location_name,
    cards.time_zone,
    cards.job_name,
    cards.hourly_wage_amount,
    greatest(breaks.started_at, cards.started_at) as started_at,
    least(breaks.ended_at, cards.ended_at) as ended_at,
    greatest(breaks.load_number, cards.load_number) as load_number,
    -1 as direction
from cards
inner join breaks on cards.source_timecard_id = breaks.source_timecard_id
where breaks.started_at < cards.ended_at and breaks.ended_at > cards.started_at
