with closures as (

    select * from {{ source('settings', 'closures') }}

)

select
    first_date,
    last_date
from closures
