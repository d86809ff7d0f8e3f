{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    pre_hook="{% if is_incremental() %}{{ forget_merged_customers() }}{% endif %}",
    unique_key='customer_key', on_schema_change='fail'
) }}

-- depends_on: {{ ref('stg_ml__customer_identities') }}
with lines as (

    select * from {{ ref('fct_sale_lines') }}
    where customer_key is not null
    {% if is_incremental() %}
        and {{ is_among(
            'customer_key',
            'select customer_key from ' ~ ref('fct_sale_lines')
            ~ ' where ' ~ loaded_since_last_build()
        ) }}
    {% endif %}

),

-- An order's purchase day is the day of its first counted sale; a pure return is no purchase.
orders as (

    select
        customer_key,
        order_key,
        min(case when action_type = 'order' then sale_date end) as purchase_date,
        min(sale_date) as first_event_date,
        sum(net_amount) as net_amount
    from lines
    where exclusion_reason is null
    group by customer_key, order_key

),

arrivals as (

    select
        customer_key,
        max(loaded_at) as loaded_at
    from lines
    group by customer_key

),

months as (

    select
        customer_key,
        {{ month_start('coalesce(purchase_date, first_event_date)') }} as month_start_date,
        count(purchase_date) as orders_count,
        sum(net_amount) as net_amount,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date
    from orders
    group by 1, 2

)

select
    arrivals.customer_key,
    months.month_start_date,
    coalesce(months.orders_count, 0) as orders_count,
    cast(coalesce(months.net_amount, 0) as {{ dbt.type_numeric() }}) as net_amount,
    months.first_purchase_date,
    months.last_purchase_date,
    arrivals.loaded_at
from arrivals
left join months on arrivals.customer_key = months.customer_key
