{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_key',
    on_schema_change='fail', pre_hook="{{ delete_changed('order_key') }}",
    indexes=[{'columns': ['load_number']}, {'columns': ['order_date']}]
) }}

with changes as (

    select
        order_key,
        load_number
    from {{ ref('fct_sale_changes') }}
    union all
    select
        order_key,
        changed_number as load_number
    from {{ ref('fct_order_fees') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    {% if is_incremental() %}
    where order_key in (select order_key from changes where {{ loaded_since_last_build() }})
    {% endif %}

),

fees as (

    select * from {{ ref('fct_order_fees') }}

),

-- A fee is borne by what was sold: what came back was charged for as well.
borne as (

    select
        orders.*,
        fees.payment_fee_amount,
        coalesce(fees.is_payment_fee_known, false) as is_payment_fee_known,
        -- No source tells what sending one order cost.
        cast(null as {{ dbt.type_numeric() }}) as shipping_cost_amount,
        case
            when orders.lines_count = 0 then 1
            when orders.sold_amount > 0 then orders.known_cost_sold_amount / orders.sold_amount
            when orders.cost_amount is not null then 1
            else 0
        end as known_cost_share,
        greatest(orders.load_number, coalesce(fees.changed_number, orders.load_number)) as changed_number
    from orders
    left join fees on orders.order_key = fees.order_key

),

shared as (

    select
        borne.*,
        known_cost_net_amount - cost_amount as gross_margin_amount,
        -- Rounded before it is taken off, so that the parts shown add up.
        cast(payment_fee_amount * known_cost_share as {{ dbt.type_numeric() }})
            as known_cost_payment_fee_amount,
        cast(shipping_cost_amount * known_cost_share as {{ dbt.type_numeric() }})
            as known_cost_shipping_cost_amount
    from borne

)

select
    order_key,
    source_system,
    order_date,
    location_key,
    channel_key,
    customer_key,
    currency_code,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(sold_amount as {{ dbt.type_numeric() }}) as sold_amount,
    cast(known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(gross_margin_amount as {{ dbt.type_numeric() }}) as gross_margin_amount,
    cast(payment_fee_amount as {{ dbt.type_numeric() }}) as payment_fee_amount,
    is_payment_fee_known,
    known_cost_payment_fee_amount,
    shipping_cost_amount,
    shipping_cost_amount is not null as is_shipping_cost_known,
    -- Without goods, such as a gift card that was sold, there is no cost to know.
    cast(case
        when gross_margin_amount is not null or (lines_count = 0 and payment_fee_amount is not null)
            then
                coalesce(gross_margin_amount, 0) - coalesce(known_cost_payment_fee_amount, 0)
                - coalesce(known_cost_shipping_cost_amount, 0)
    end as {{ dbt.type_numeric() }}) as contribution_margin_amount,
    cast(case
        when net_amount > 0 then known_cost_net_amount / net_amount
    end as {{ dbt.type_numeric() }}) as cost_coverage_rate,
    exclusion_reason,
    is_counted,
    changed_number as load_number
from shared
