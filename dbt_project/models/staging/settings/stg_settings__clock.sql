with clock as (

    select * from {{ source('settings', 'clock') }}

)

select
    today as today_date,
    as_of_date
from clock
