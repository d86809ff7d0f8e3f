{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_key',
    on_schema_change='fail',
    pre_hook="{{ delete_changed('order_key') }}",
    indexes=[
        {'columns': ['load_number']}, {'columns': ['order_date']}, {'columns': ['customer_key']},
        {'columns': ['source_system']}
    ]
) }}

with changes as (

    select * from {{ ref('fct_sale_changes') }}

),

lines as (

    select * from {{ ref('fct_sale_lines') }}
    {% if is_incremental() %}
    where order_key in (select order_key from changes where {{ loaded_since_last_build() }})
    {% endif %}

),

-- An order is excluded only when every line of it is; its amounts count the counted lines.
counted as (

    select
        lines.*,
        case when is_counted then 1 else 0 end as is_counted_line
    from lines

),

orders as (

    select
        order_key,
        source_system,
        min(source_order_id) as source_order_id,
        min(canonical_sale_id) as canonical_sale_id,
        coalesce(
            min(case when is_counted_line = 1 then occurred_at end), min(occurred_at)
        ) as ordered_at,
        coalesce(
            min(case when is_counted_line = 1 then order_date end), min(order_date)
        ) as order_date,
        min(case when is_counted_line = 1 then sale_hour end) as order_hour,
        coalesce(
            min(case when is_counted_line = 1 then location_key end), min(location_key)
        ) as location_key,
        coalesce(
            min(case when is_counted_line = 1 then channel_key end), min(channel_key)
        ) as channel_key,
        min(case when is_counted_line = 1 then customer_key end) as customer_key,
        min(case when is_counted_line = 1 then payment_method end) as payment_method,
        min(currency_code) as currency_code,
        sum(case when line_type = 'product' then is_counted_line else 0 end) as lines_count,
        sum(is_counted_line * quantity) as units,
        sum(is_counted_line * gross_amount) as gross_amount,
        sum(is_counted_line * discount_amount) as discount_amount,
        sum(is_counted_line * reversal_amount) as reversal_amount,
        sum(is_counted_line * net_amount) as net_amount,
        sum(is_counted_line * tax_amount) as tax_amount,
        sum(case when line_type = 'tip' then is_counted_line * total_amount else 0 end)
            as tip_amount,
        sum(case when line_type = 'shipping' then is_counted_line * total_amount else 0 end)
            as shipping_amount,
        sum(is_counted_line * total_amount) as total_amount,
        sum(is_counted_line * cost_amount) as cost_amount,
        sum(case when is_cost_known then is_counted_line * net_amount else 0 end)
            as known_cost_net_amount,
        {% for name, condition in (
            ('sold_amount', "line_type = 'product'"), ('known_cost_sold_amount', 'is_cost_known')
        ) %}
            sum(
                case when {{ condition }} then is_counted_line else 0 end
                * greatest(gross_amount - discount_amount, 0)
            ) as {{ name }},
        {% endfor %}
        case when max(is_counted_line) = 0 then min(exclusion_reason) end as exclusion_reason,
        max(is_counted_line) = 1 as is_counted,
        max(source_updated_at) as source_updated_at,
        max(load_number) as load_number
    from counted
    group by order_key, source_system

)

select
    order_key,
    source_system,
    source_order_id,
    canonical_sale_id,
    ordered_at,
    order_date,
    order_hour,
    location_key,
    channel_key,
    customer_key,
    payment_method,
    currency_code,
    cast(lines_count as {{ dbt.type_bigint() }}) as lines_count,
    cast(units as {{ dbt.type_numeric() }}) as units,
    cast(gross_amount as {{ dbt.type_numeric() }}) as gross_amount,
    cast(discount_amount as {{ dbt.type_numeric() }}) as discount_amount,
    cast(reversal_amount as {{ dbt.type_numeric() }}) as reversal_amount,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(tax_amount as {{ dbt.type_numeric() }}) as tax_amount,
    cast(tip_amount as {{ dbt.type_numeric() }}) as tip_amount,
    cast(shipping_amount as {{ dbt.type_numeric() }}) as shipping_amount,
    cast(total_amount as {{ dbt.type_numeric() }}) as total_amount,
    cast(cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(sold_amount as {{ dbt.type_numeric() }}) as sold_amount,
    cast(known_cost_sold_amount as {{ dbt.type_numeric() }}) as known_cost_sold_amount,
    exclusion_reason,
    is_counted,
    source_updated_at,
    load_number
from orders
