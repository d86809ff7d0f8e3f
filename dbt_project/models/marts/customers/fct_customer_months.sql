{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='customer_key', on_schema_change='fail',
    pre_hook="{{ delete_changed('customer_key') }}", indexes=[{'columns': ['customer_key']}]
) }}

with changes as (

    select * from {{ ref('fct_sale_changes') }}

),

lines as (

    select * from {{ ref('fct_sale_lines') }}
    where customer_key is not null
    {% if is_incremental() %}
        and customer_key in (select customer_key from changes where {{ loaded_since_last_build() }})
    {% endif %}

),

-- An order's purchase day is the day of its first counted sale; a pure return is no purchase.
orders as (

    select
        customer_key,
        order_key,
        min(case when action_type = 'order' then sale_date end) as purchase_date,
        min(case when action_type = 'order' then occurred_at end) as purchased_at,
        min(sale_date) as first_event_date,
        sum(net_amount) as net_amount,
        sum(case when is_cost_known then net_amount else 0 end) as known_cost_net_amount,
        sum(case when is_cost_known then net_amount - cost_amount else 0 end) as margin_amount
    from lines
    where is_counted
    group by customer_key, order_key

),

placed as (

    select
        orders.*,
        row_number() over (
            partition by customer_key, {{ month_start('coalesce(purchase_date, first_event_date)') }}
            order by purchase_date nulls last, purchased_at, order_key
        ) as place_in_month
    from orders

),

arrivals as (

    select
        customer_key,
        max(load_number) as load_number
    from lines
    group by customer_key

),

months as (

    select
        customer_key,
        {{ month_start('coalesce(purchase_date, first_event_date)') }} as month_start_date,
        count(purchase_date) as orders_count,
        sum(net_amount) as net_amount,
        sum(known_cost_net_amount) as known_cost_net_amount,
        sum(margin_amount) as margin_amount,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        min(case when place_in_month = 1 and purchase_date is not null then order_key end)
            as first_order_key
    from placed
    group by 1, 2

)

select
    arrivals.customer_key,
    months.month_start_date,
    coalesce(months.orders_count, 0) as orders_count,
    cast(coalesce(months.net_amount, 0) as {{ dbt.type_numeric() }}) as net_amount,
    cast(coalesce(months.known_cost_net_amount, 0) as {{ dbt.type_numeric() }})
        as known_cost_net_amount,
    cast(coalesce(months.margin_amount, 0) as {{ dbt.type_numeric() }}) as margin_amount,
    months.first_purchase_date,
    months.last_purchase_date,
    months.first_order_key,
    arrivals.load_number
from arrivals
left join months on arrivals.customer_key = months.customer_key
