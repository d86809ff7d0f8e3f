{{ config(materialized='view') }}

with loads as (

    select
        source_system,
        table_name,
        max(finished_at) as loaded_at
    from {{ ref('stg_quality__load_logs') }}
    where status in ('loaded', 'unchanged')
    group by source_system, table_name

),

sale_days as (

    select
        source_system,
        'sales' as table_name,
        sum(lines_count) as rows_count,
        max(case when outcome = 'counted' then sale_date end) as latest_record_date
    from {{ ref('fct_sale_outcomes_daily') }}
    where outcome <> 'superseded'
    group by source_system

)

select
    loads.source_system,
    loads.table_name,
    cast(sale_days.rows_count as {{ dbt.type_bigint() }}) as rows_count,
    sale_days.latest_record_date,
    loads.loaded_at
from loads
left join sale_days
    on
        loads.source_system = sale_days.source_system
        and loads.table_name = sale_days.table_name
