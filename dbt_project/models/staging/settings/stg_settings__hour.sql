with hour as (

    select * from {{ source('settings', 'hour') }}

)

select hour as current_hour
from hour
