with orders as (

    select * from {{ ref('int_shopify_orders') }}

),

totals as (

    select * from {{ ref('stg_shopify__orders') }}

),

gift_cards as (

    select
        source_order_id,
        sum(transaction_amount) as redeemed_amount
    from {{ ref('stg_shopify__transactions') }}
    where gateway = 'gift_card' and kind in ('SALE', 'CAPTURE') and status = 'SUCCESS'
    group by source_order_id

),

agreements as (

    select
        sales.source_order_id,
        sales.agreement_position,
        min(agreements.happened_at) as happened_at,
        sum(sales.total_amount) as total_amount
    from {{ ref('stg_shopify__sales') }} as sales
    inner join {{ ref('stg_shopify__agreements') }} as agreements
        on
            sales.source_order_id = agreements.source_order_id
            and sales.agreement_position = agreements.agreement_position
    group by sales.source_order_id, sales.agreement_position

),

-- What the books may hold of an order: what it was sold for, or what an edit made of it.
amounts as (

    select
        source_order_id,
        1 as sign,
        cast(null as {{ dbt.type_timestamp() }}) as happened_at,
        original_total_amount as total_amount
    from totals
    union
    select
        source_order_id,
        1 as sign,
        cast(null as {{ dbt.type_timestamp() }}) as happened_at,
        current_total_amount as total_amount
    from totals
    union
    select
        source_order_id,
        -1 as sign,
        happened_at,
        -total_amount as total_amount
    from agreements
    where total_amount < 0

)

select
    orders.source_order_id,
    orders.order_name,
    orders.location_name,
    amounts.sign,
    cast(case
        when amounts.sign = 1 then orders.order_date
        else cast({{ local_time('amounts.happened_at', 'orders.time_zone') }} as date)
    end as date) as event_date,
    amounts.total_amount
    - case when amounts.sign = 1 then coalesce(gift_cards.redeemed_amount, 0) else 0 end
        as total_amount,
    orders.customer_record_id
from amounts
inner join orders on amounts.source_order_id = orders.source_order_id
left join gift_cards on amounts.source_order_id = gift_cards.source_order_id
where orders.is_counted or orders.exclusion_reason = 'voided'
