with orders as (

    select * from {{ ref('stg_square__orders') }}
    where state = 'COMPLETED' and closed_at is not null

),

references_known as (

    select
        source_order_id,
        min(order_reference) as order_reference
    from (
        select
            source_order_id,
            order_reference
        from orders
        union all
        select
            source_order_id,
            order_reference
        from {{ ref('stg_square__tenders') }}
        union all
        select
            source_order_id,
            order_reference
        from {{ ref('stg_square__payments') }}
    ) as told
    where order_reference is not null
    group by source_order_id

),

shopify_orders as (

    select * from {{ ref('int_shopify_orders') }}
    where is_counted

),

by_reference as (

    select
        references_known.source_order_id,
        min(shopify_orders.source_order_id) as shopify_order_id
    from references_known
    inner join shopify_orders on references_known.order_reference = shopify_orders.order_name
    group by references_known.source_order_id

),

-- A sale of amounts without products may be another system's sale whose card was taken here.
bare_orders as (

    select orders.*
    from orders
    left join by_reference on orders.source_order_id = by_reference.source_order_id
    where
        by_reference.source_order_id is null
        and not exists (
            select 1
            from {{ ref('stg_square__order_lines') }} as order_lines
            where
                order_lines.source_order_id = orders.source_order_id
                and order_lines.source_variation_id is not null
        )

),

outside_payments as (

    select payments.*
    from {{ ref('stg_shopify__transactions') }} as payments
    inner join shopify_orders on payments.source_order_id = shopify_orders.source_order_id
    where
        payments.kind in ('SALE', 'CAPTURE') and payments.status = 'SUCCESS'
        and payments.gateway not in ('shopify_payments', 'gift_card', 'cash')
        and payments.source_order_id not in (select shopify_order_id from by_reference)

),

near as (

    select
        bare_orders.source_order_id,
        outside_payments.source_order_id as shopify_order_id,
        {{ dbt.datediff('outside_payments.processed_at', 'bare_orders.closed_at', 'second') }}
            as seconds_apart
    from bare_orders
    inner join outside_payments
        on bare_orders.total_amount = outside_payments.transaction_amount
    where
        abs({{ dbt.datediff('outside_payments.processed_at', 'bare_orders.closed_at', 'second') }})
        <= 600

),

ranked as (

    select
        near.*,
        row_number() over (
            partition by source_order_id
            order by abs(seconds_apart), shopify_order_id
        ) as order_rank,
        row_number() over (
            partition by shopify_order_id
            order by abs(seconds_apart), source_order_id
        ) as payment_rank
    from near

)

select
    source_order_id,
    shopify_order_id,
    'order_reference' as match_method,
    1.0 as match_confidence
from by_reference
union all
select
    source_order_id,
    shopify_order_id,
    'amount_and_time' as match_method,
    case when abs(seconds_apart) <= 120 then 0.97 else 0.9 end as match_confidence
from ranked
where order_rank = 1 and payment_rank = 1
