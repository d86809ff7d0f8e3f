{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='sale_date', on_schema_change='fail', indexes=[{'columns': ['sale_date']}]
) }}

with lines as (

    select * from {{ ref('fct_sale_lines') }}
    {% if is_incremental() %}
    where {{ on_a_changed_day() }}
    {% endif %}

)

select
    sale_date,
    source_system,
    coalesce(exclusion_reason, 'counted') as outcome,
    sum(case when line_type = 'product' then 1 else 0 end) as lines_count,
    cast(sum(quantity) as {{ dbt.type_numeric() }}) as units,
    cast(sum(gross_amount) as {{ dbt.type_numeric() }}) as gross_amount,
    cast(sum(discount_amount) as {{ dbt.type_numeric() }}) as discount_amount,
    cast(sum(reversal_amount) as {{ dbt.type_numeric() }}) as reversal_amount,
    cast(sum(net_amount) as {{ dbt.type_numeric() }}) as net_amount,
    cast(sum(tax_amount) as {{ dbt.type_numeric() }}) as tax_amount,
    cast(sum(case when line_type = 'tip' then total_amount else 0 end) as {{ dbt.type_numeric() }})
        as tip_amount,
    max(loaded_at) as loaded_at
from lines
group by 1, 2, 3
