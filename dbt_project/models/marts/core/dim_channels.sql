with names as (

    select channel_name from {{ ref('int_places') }}
    union
    select {{ default_channel() }} as channel_name

)

select
    {{ channel_key('channel_name') }} as channel_key,
    channel_name
from names
