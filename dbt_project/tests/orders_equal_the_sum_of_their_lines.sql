with lines as (

    select
        order_key,
        sum(case when is_counted then net_amount else 0 end) as net_amount,
        sum(case when is_counted then total_amount else 0 end) as total_amount
    from {{ ref('fct_sale_lines') }}
    where
        order_key in (
            select order_key from {{ ref('fct_orders') }}
            where {{ unchecked_only(ref('fct_orders')) }}
        )
    group by order_key

)

select lines.order_key
from lines
left join {{ ref('fct_orders') }} as orders on lines.order_key = orders.order_key
where
    orders.order_key is null
    or orders.net_amount <> lines.net_amount
    or orders.total_amount <> lines.total_amount
