{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='order_date', on_schema_change='fail',
    pre_hook="{{ delete_changed('order_date') }}", indexes=[{'columns': ['order_date']}]
) }}

with changes as (

    select * from {{ ref('fct_sale_changes') }}

),

lines as (

    select * from {{ ref('fct_counted_sale_lines') }}
    where line_type = 'product' and product_key is not null
    {% if is_incremental() %}
        and order_date in (select order_date from changes where {{ loaded_since_last_build() }})
    {% endif %}

),

days as (

    select
        order_date,
        product_key,
        sum(quantity) as units,
        sum(net_amount) as net_amount,
        min(sale_date) as first_sale_date,
        max(sale_date) as last_sale_date,
        max(load_number) as load_number
    from lines
    group by order_date, product_key

)

select
    order_date,
    product_key,
    cast(units as {{ dbt.type_numeric() }}) as units,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    first_sale_date,
    last_sale_date,
    load_number
from days
