with stock as (

    select * from {{ ref('fct_inventory_daily') }}
    where stock_date = {{ feature_date() }}

),

waste as (

    select
        product_key,
        location_key,
        avg(case when wasted_quantity > 0 then 1.0 else 0.0 end) as wasted_days_rate
    from {{ ref('fct_inventory_daily') }}
    where {{ in_last_days('stock_date', 365) }}
    group by product_key, location_key

),

prices as (

    select
        product_key,
        sum(net_amount) / sum(units) as unit_price_amount
    from {{ ref('fct_product_sales_daily') }}
    where {{ in_last_days('sale_date', 365) }}
    group by product_key
    having sum(units) > 0

)

select
    stock.product_key,
    stock.location_key,
    coalesce(products.product_name, 'Unnamed item') as product_name,
    products.category_name,
    stock.location_name,
    stock.closing_quantity as on_hand_quantity,
    coalesce(products.unit_cost_amount, stock.unit_cost_amount) as unit_cost_amount,
    cast(prices.unit_price_amount as {{ dbt.type_float() }}) as unit_price_amount,
    cast(waste.wasted_days_rate as {{ dbt.type_float() }}) as wasted_days_rate
from stock
inner join {{ ref('dim_products') }} as products on stock.product_key = products.product_key
left join waste
    on stock.product_key = waste.product_key and stock.location_key = waste.location_key
left join prices on stock.product_key = prices.product_key
