{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='order_date', on_schema_change='fail',
    pre_hook="{{ forget_departed('order_date') }}", indexes=[{'columns': ['order_date']}]
) }}

with lines as (

    select * from {{ ref('fct_sale_lines') }}
    where line_type = 'product' and product_key is not null
    {% if is_incremental() %}
        and {{ is_among('order_date', changed_keys('order_date'), type='date') }}
    {% endif %}

),

days as (

    select
        order_date,
        product_key,
        sum(case when exclusion_reason is null then quantity else 0 end) as units,
        sum(case when exclusion_reason is null then net_amount else 0 end) as net_amount,
        max(load_number) as load_number
    from lines
    group by order_date, product_key

)

select
    order_date,
    product_key,
    cast(units as {{ dbt.type_numeric() }}) as units,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    load_number
from days
