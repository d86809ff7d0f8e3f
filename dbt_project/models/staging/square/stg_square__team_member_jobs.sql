with documents as (

    select * from {{ source('raw_square', 'team_members__wage_setting__job_assignments') }}

)

select
    team_member_id as source_team_member_id,
    wage_setting_job_assignments_position as job_position,
    job_title as job_name,
    hourly_rate as hourly_wage_amount,
    hourly_rate_currency as currency_code
from documents
where _is_emptied is null
