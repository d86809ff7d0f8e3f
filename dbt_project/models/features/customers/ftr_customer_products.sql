with orders as (

    select
        order_key,
        customer_key,
        order_date,
        -- The last two months judge the offers.
        {{ in_last_days('order_date', 60) }} as is_later
    from {{ ref('fct_orders') }}
    where
        customer_key is not null
        and is_counted
        and net_amount > 0
        and {{ in_last_days('order_date', 730) }}

)

select
    orders.customer_key,
    sale_lines.product_key,
    count(distinct case when not orders.is_later then orders.order_date end) as earlier_days,
    count(distinct case when orders.is_later then orders.order_date end) as later_days
from orders
inner join {{ ref('fct_counted_sale_lines') }} as sale_lines on orders.order_key = sale_lines.order_key
where
    sale_lines.product_key is not null
    and sale_lines.action_type = 'order'
    and sale_lines.line_type = 'product'
    and sale_lines.quantity > 0
group by orders.customer_key, sale_lines.product_key
