with documents as (

    select * from {{ source('raw_square', 'timecards__breaks') }}

)

select
    timecard_id as source_timecard_id,
    breaks_position as break_position,
    is_paid,
    start_at as started_at,
    end_at as ended_at,
    _load_number as load_number
from documents
where _is_emptied is null
