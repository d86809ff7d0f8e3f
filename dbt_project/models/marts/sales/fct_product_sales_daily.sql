{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='sale_date', on_schema_change='fail',
    pre_hook="{{ forget_departed('sale_date') }}", indexes=[{'columns': ['sale_date']}]
) }}

with lines as (

    select * from {{ ref('fct_sale_lines') }}
    -- A refund that names no goods reduces net sales too, and has no product.
    where line_type in ('product', 'adjustment')
    {% if is_incremental() %}
        and {{ on_a_changed_day() }}
    {% endif %}

),

days as (

    select
        sale_date,
        location_key,
        product_key,
        sum(case when exclusion_reason is null then quantity else 0 end) as units,
        count(distinct case
            when exclusion_reason is null and action_type = 'order' then order_key
        end) as orders_count,
        sum(case when exclusion_reason is null then gross_amount else 0 end) as gross_amount,
        sum(case when exclusion_reason is null then discount_amount else 0 end) as discount_amount,
        sum(case when exclusion_reason is null then reversal_amount else 0 end) as reversal_amount,
        sum(case when exclusion_reason is null then net_amount else 0 end) as net_amount,
        sum(case when exclusion_reason is null then cost_amount end) as cost_amount,
        sum(case when exclusion_reason is null and is_cost_known then net_amount else 0 end)
            as known_cost_net_amount,
        sum(case when exclusion_reason is null and is_cost_known then quantity else 0 end)
            as known_cost_units,
        sum(case when exclusion_reason is null then 1 else 0 end) as lines_count,
        max(loaded_at) as loaded_at
    from lines
    group by sale_date, location_key, product_key

)

select
    sale_date,
    location_key,
    product_key,
    cast(units as {{ dbt.type_numeric() }}) as units,
    orders_count,
    cast(gross_amount as {{ dbt.type_numeric() }}) as gross_amount,
    cast(discount_amount as {{ dbt.type_numeric() }}) as discount_amount,
    cast(reversal_amount as {{ dbt.type_numeric() }}) as reversal_amount,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(known_cost_units as {{ dbt.type_numeric() }}) as known_cost_units,
    lines_count,
    loaded_at
from days
