{{ config(materialized='view') }}

with loads as (

    select
        source_system,
        max(finished_at) as loaded_at
    from {{ ref('stg_quality__load_logs') }}
    where status in ('loaded', 'unchanged')
    group by source_system

),

sale_days as (

    select
        source_system,
        sum(lines_count) as sale_lines_count,
        max(case when outcome = 'counted' then sale_date end) as latest_sale_date
    from {{ ref('fct_sale_outcomes_daily') }}
    where outcome <> 'superseded'
    group by source_system

)

select
    loads.source_system,
    cast(sale_days.sale_lines_count as {{ dbt.type_bigint() }}) as sale_lines_count,
    sale_days.latest_sale_date,
    loads.loaded_at
from loads
left join sale_days on loads.source_system = sale_days.source_system
