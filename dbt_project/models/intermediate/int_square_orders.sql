with staged as (

    select * from {{ ref('stg_square__orders') }}

),

-- Only what was completed is a sale. What is still open or was cancelled stays, with its reason.
orders as (

    select
        staged.*,
        coalesce(staged.closed_at, staged.created_at) as happened_at,
        case
            when staged.deleted_at is not null then 'deleted'
            when staged.state = 'CANCELED' then 'cancelled'
            when staged.state <> 'COMPLETED' or staged.closed_at is null then 'open'
        end as exclusion_reason
    from staged

),

locations as (

    select * from {{ ref('stg_square__locations') }}

),

payments as (

    select * from {{ ref('stg_square__payments') }}

),

tenders as (

    select
        source_order_id,
        lower(min(tender_type)) as payment_method
    from {{ ref('stg_square__tenders') }}
    group by source_order_id

),

returned as (

    select
        source_order_id,
        min(sold_in_order_id) as sold_in_order_id
    from {{ ref('stg_square__order_returns') }}
    group by source_order_id

),

-- Where a return does not name its sale: its refund gives money of a payment back, and the
-- payment knows the order.
refunded as (

    select
        refunds.source_order_id,
        min(payments.source_order_id) as sold_in_order_id,
        max(greatest(refunds.load_number, payments.load_number)) as load_number
    from {{ ref('stg_square__refunds') }} as refunds
    inner join payments on refunds.source_payment_id = payments.source_payment_id
    group by refunds.source_order_id

),

origins as (

    select
        orders.*,
        returned.source_order_id is not null as has_return,
        coalesce(returned.sold_in_order_id, refunded.sold_in_order_id, orders.source_order_id)
            as sold_in_order_id,
        tenders.payment_method,
        greatest(
            orders.load_number, coalesce(refunded.load_number, orders.load_number)
        ) as linked_number
    from orders
    left join returned on orders.source_order_id = returned.source_order_id
    left join refunded
        on
            orders.source_order_id = refunded.source_order_id
            and returned.source_order_id is not null
    left join tenders on orders.source_order_id = tenders.source_order_id

)

select
    origins.source_order_id,
    origins.sold_in_order_id,
    origins.has_return,
    origins.currency_code,
    origins.tip_amount,
    origins.happened_at as closed_at,
    origins.payment_method,
    locations.location_name,
    locations.time_zone,
    {{ customer_record_id('square', 'origins.source_customer_id') }} as customer_record_id,
    {{ local_time('origins.happened_at', 'locations.time_zone') }} as closed_local_at,
    cast(
        {{ local_time('coalesce(sold.happened_at, origins.happened_at)', 'locations.time_zone') }}
        as date
    ) as order_date,
    origins.exclusion_reason,
    origins.source_updated_at,
    greatest(
        origins.linked_number, coalesce(locations.load_number, origins.linked_number),
        coalesce(sold.load_number, origins.linked_number)
    ) as load_number
from origins
inner join locations on origins.source_location_id = locations.source_location_id
left join orders as sold on origins.sold_in_order_id = sold.source_order_id
