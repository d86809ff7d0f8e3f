{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='order_key',
    on_schema_change='fail', full_refresh=false, indexes=[{'columns': ['changed_number']}]
) }}
-- Built anew never: payments are read again in each run, and this remembers when fees changed.
with payments as (

    select * from {{ ref('fct_payments') }}

),

orders as (

    select
        order_key,
        sum(case when is_counted then 1 else 0 end) as payments_count,
        sum(case when is_counted then fee_amount end) as payment_fee_amount,
        sum(case when is_counted and not is_fee_known then 1 else 0 end)
            as unknown_fees_count,
        max(load_number) as load_number
    from payments
    where order_key is not null
    group by order_key

),

typed as (

    select
        order_key,
        payments_count,
        cast(payment_fee_amount as {{ dbt.type_numeric() }}) as payment_fee_amount,
        payments_count > 0 and unknown_fees_count = 0 as is_payment_fee_known,
        load_number as changed_number
    from orders

)

{% if is_incremental() %}
    select
        typed.order_key,
        typed.payments_count,
        typed.payment_fee_amount,
        typed.is_payment_fee_known,
        -- Also of an order that is new here: its payments may be old ones of another order.
        {{ next_load_number() }} as changed_number
    from typed
    left join {{ this }} as known on typed.order_key = known.order_key
    where
        known.order_key is null
        or typed.payments_count <> known.payments_count
        or typed.is_payment_fee_known <> known.is_payment_fee_known
        or coalesce(typed.payment_fee_amount, -1) <> coalesce(known.payment_fee_amount, -1)
    union all
    -- Its payments turned out to belong to another order.
    select
        known.order_key,
        cast(0 as {{ dbt.type_bigint() }}) as payments_count,
        cast(null as {{ dbt.type_numeric() }}) as payment_fee_amount,
        false as is_payment_fee_known,
        {{ next_load_number() }} as changed_number
    from {{ this }} as known
    left join typed on known.order_key = typed.order_key
    where typed.order_key is null and known.payments_count > 0
{% else %}
    select * from typed
{% endif %}
