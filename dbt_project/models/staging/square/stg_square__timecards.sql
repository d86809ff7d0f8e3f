with documents as (

    select * from {{ source('raw_square', 'timecards') }}

)

select
    id as source_timecard_id,
    team_member_id as source_team_member_id,
    location_id as source_location_id,
    status,
    wage_title as job_name,
    wage_hourly_rate as hourly_wage_amount,
    wage_hourly_rate_currency as currency_code,
    start_at as started_at,
    end_at as ended_at,
    _load_number as load_number
from documents
where _deleted_at is null
