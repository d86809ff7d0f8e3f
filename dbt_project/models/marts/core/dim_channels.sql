with names as (

    select
        channel_name,
        loaded_at
    from {{ ref('int_places') }}
    union all
    select
        {{ default_channel() }} as channel_name,
        cast(null as {{ dbt.type_timestamp() }}) as loaded_at

)

select
    {{ channel_key('channel_name') }} as channel_key,
    channel_name,
    max(loaded_at) as loaded_at
from names
group by channel_name
