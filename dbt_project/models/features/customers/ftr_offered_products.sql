with stock as (

    select
        product_key,
        sum(on_hand_quantity) as on_hand_quantity
    from {{ ref('rpt_inventory_health') }}
    group by product_key

),

margins as (

    select
        product_key,
        sum(net_amount - cost_amount) / nullif(sum(quantity), 0) as unit_margin_amount
    from {{ ref('fct_counted_sale_lines') }}
    where is_cost_known and line_type = 'product' and {{ in_last_days('sale_date', 365) }}
    group by product_key

)

select
    products.product_key,
    cast(margins.unit_margin_amount as {{ dbt.type_float() }}) as unit_margin_amount,
    -- A product whose stock nobody counts is taken to be there while it still sells.
    products.last_sale_date > cast({{ dbt.dateadd('day', -90, feature_date()) }} as date)
    and coalesce(stock.on_hand_quantity, 1) > 0 as is_available
from {{ ref('dim_products') }} as products
left join stock on products.product_key = stock.product_key
left join margins on products.product_key = margins.product_key
