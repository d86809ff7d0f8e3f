-- The margin of an order counts where most of it has a known cost, and then for the whole of it.
select
    customer_key,
    order_date,
    sum(net_amount) as net_amount,
    cast(sum(
        case
            when known_cost_net_amount * 2 >= net_amount
                then contribution_margin_amount * net_amount / known_cost_net_amount
        end
    ) as {{ dbt.type_float() }}) as margin_amount
from {{ ref('fct_order_margins') }}
where
    customer_key is not null
    and is_counted
    and net_amount > 0
    and order_date <= {{ feature_date() }}
group by customer_key, order_date
