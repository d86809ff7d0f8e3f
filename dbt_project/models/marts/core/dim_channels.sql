with names as (

    select
        channel_name,
        load_number
    from {{ ref('int_places') }}
    union all
    select
        {{ default_channel() }} as channel_name,
        cast(null as {{ dbt.type_bigint() }}) as load_number

)

select
    {{ channel_key('channel_name') }} as channel_key,
    channel_name,
    max(load_number) as load_number
from names
group by channel_name
