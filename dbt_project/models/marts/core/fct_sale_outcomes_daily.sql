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
    sum(quantity) as units,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount,
    sum(reversal_amount) as reversal_amount,
    sum(net_amount) as net_amount,
    sum(tax_amount) as tax_amount,
    sum(case when line_type = 'tip' then total_amount else 0 end) as tip_amount,
    max(loaded_at) as loaded_at
from lines
group by 1, 2, 3
