with lifetimes as (

    select * from {{ source('ml', 'customer_lifetimes') }}

)

select
    customer_key,
    as_of_date,
    model,
    is_alive_probability,
    expected_orders_12m,
    lower_80_orders_12m,
    upper_80_orders_12m,
    expected_margin_per_order_amount,
    expected_margin_12m_amount,
    lower_80_margin_12m_amount,
    upper_80_margin_12m_amount,
    discounted_margin_12m_amount,
    expected_net_12m_amount,
    next_purchase_date,
    run_id
from lifetimes
