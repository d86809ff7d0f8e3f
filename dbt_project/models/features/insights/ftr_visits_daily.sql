select
    funnel_date as date_day,
    channel_name,
    source_system,
    cast(sessions_count as {{ dbt.type_float() }}) as sessions_count,
    cast(orders_count as {{ dbt.type_float() }}) as orders_count
from {{ ref('rpt_conversion_funnel') }}
where funnel_date <= {{ feature_date() }} and sessions_count > 0
