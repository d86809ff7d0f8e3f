{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='customer_key',
    pre_hook="{% if is_incremental() %}{{ forget_missing_customers() }}{% endif %}",
    on_schema_change='fail', indexes=[{'columns': ['load_number']}]
) }}

with changes as (

    {% for changed in ('fct_sale_changes', 'int_customers') %}
        select customer_key from {{ ref(changed) }}
        {% if is_incremental() %}
            where {{ loaded_since_last_build() }}
        {% endif %}
        {% if not loop.last %} union {% endif %}
    {% endfor %}

),

customers as (

    select * from {{ ref('int_customers') }}
    {% if is_incremental() %}
    where customer_key in (select customer_key from changes)
    {% endif %}

),

numbered as (

    select
        fct_customer_months.*,
        row_number() over (
            partition by customer_key order by first_purchase_date
        ) as month_number
    from {{ ref('fct_customer_months') }}
    {% if is_incremental() %}
    where customer_key in (select customer_key from changes)
    {% endif %}

),

months as (

    select
        customer_key,
        min(first_purchase_date) as first_order_date,
        max(last_purchase_date) as last_order_date,
        min(case when month_number = 1 then first_order_key end) as first_order_key,
        sum(orders_count) as orders_count,
        sum(net_amount) as net_amount,
        max(load_number) as load_number
    from numbered
    group by customer_key

)

select
    customers.customer_key,
    customers.source_customer_ids,
    customers.records_count,
    customers.is_scored_match,
    cast(customers.match_confidence as {{ dbt.type_numeric() }}) as match_confidence,
    {{ dbt.concat(["'Customer '", "upper(substring(customers.customer_key from 1 for 6))"]) }}
        as customer_label,
    coalesce(customers.country_code, {{ business_setting('country_code') }}) as country_code,
    customers.postal_code,
    customers.accepts_marketing,
    months.first_order_date,
    months.last_order_date,
    months.first_order_key,
    cast(coalesce(months.orders_count, 0) as {{ dbt.type_bigint() }}) as orders_count,
    cast(coalesce(months.net_amount, 0) as {{ dbt.type_numeric() }}) as net_amount,
    greatest(customers.load_number, coalesce(months.load_number, customers.load_number)) as load_number
from customers
left join months on customers.customer_key = months.customer_key
