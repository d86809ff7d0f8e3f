with payments as (

    select * from {{ ref('stg_square__payments') }}

),

refunds as (

    select * from {{ ref('stg_square__refunds') }}

),

fees as (

    select
        source_payment_id,
        sum(fee_amount) as fee_amount
    from {{ ref('stg_square__payment_fees') }}
    group by source_payment_id

),

payouts as (

    select
        source_payment_id,
        source_refund_id,
        min(source_payout_id) as source_payout_id
    from {{ ref('stg_square__payout_entries') }}
    where source_payment_id is not null
    group by source_payment_id, source_refund_id

),

locations as (

    select * from {{ ref('stg_square__locations') }}

),

orders as (

    select * from {{ ref('int_square_orders') }}

),

moved as (

    select
        payments.source_payment_id,
        payments.source_order_id,
        payments.source_location_id,
        'payment' as payment_type,
        payments.payment_method,
        payments.status,
        payments.currency_code,
        payments.payment_amount,
        payments.tip_amount,
        coalesce(fees.fee_amount, 0) as fee_amount,
        payouts.source_payout_id,
        payments.paid_at,
        payments.source_updated_at,
        payments.load_number
    from payments
    left join fees on payments.source_payment_id = fees.source_payment_id
    left join payouts
        on
            payments.source_payment_id = payouts.source_payment_id
            and payouts.source_refund_id is null
    union all
    -- A refund belongs to the order that was paid, not to the return it is booked under.
    select
        refunds.source_refund_id as source_payment_id,
        coalesce(payments.source_order_id, refunds.source_order_id) as source_order_id,
        refunds.source_location_id,
        'refund' as payment_type,
        coalesce(refunds.payment_method, payments.payment_method) as payment_method,
        refunds.status,
        refunds.currency_code,
        -refunds.refund_amount as payment_amount,
        cast(null as {{ dbt.type_numeric() }}) as tip_amount,
        0 as fee_amount,
        payouts.source_payout_id,
        refunds.refunded_at as paid_at,
        refunds.source_updated_at,
        refunds.load_number
    from refunds
    left join payments on refunds.source_payment_id = payments.source_payment_id
    left join payouts on refunds.source_refund_id = payouts.source_refund_id

)

select
    moved.source_payment_id,
    coalesce(orders.sold_in_order_id, moved.source_order_id) as source_order_id,
    locations.location_name,
    locations.time_zone,
    moved.payment_type,
    moved.payment_method,
    moved.currency_code,
    moved.payment_amount,
    moved.tip_amount,
    moved.fee_amount,
    moved.source_payout_id,
    moved.paid_at,
    case when moved.status <> 'COMPLETED' then lower(moved.status) end as exclusion_reason,
    moved.source_updated_at,
    moved.load_number
from moved
inner join locations on moved.source_location_id = locations.source_location_id
left join orders on moved.source_order_id = orders.source_order_id
