with days as (

    select
        product_days.sale_date,
        product_days.location_key,
        coalesce(products.category_name, 'Uncategorised') as category_name,
        sum(product_days.units) as units,
        sum(product_days.net_amount) as net_amount,
        sum(product_days.known_cost_net_amount) as known_cost_net_amount,
        sum(product_days.cost_amount) as cost_amount,
        sum(product_days.payment_fee_amount) as payment_fee_amount,
        sum(product_days.known_cost_payment_fee_amount) as known_cost_payment_fee_amount,
        max(product_days.load_number) as load_number
    from {{ ref('fct_product_sales_daily') }} as product_days
    left join {{ ref('dim_products') }} as products
        on product_days.product_key = products.product_key
    group by 1, 2, 3

)

select
    days.sale_date,
    days.location_key,
    locations.location_name,
    days.category_name,
    cast(days.units as {{ dbt.type_numeric() }}) as units,
    cast(days.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(days.known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(days.cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(days.known_cost_net_amount - days.cost_amount as {{ dbt.type_numeric() }})
        as gross_margin_amount,
    cast(days.payment_fee_amount as {{ dbt.type_numeric() }}) as payment_fee_amount,
    cast(
        days.known_cost_net_amount - days.cost_amount
        - coalesce(days.known_cost_payment_fee_amount, 0) as {{ dbt.type_numeric() }}
    ) as contribution_margin_amount,
    cast(case
        when days.net_amount > 0 then days.known_cost_net_amount / days.net_amount
    end as {{ dbt.type_numeric() }}) as cost_coverage_rate,
    days.load_number
from days
left join {{ ref('dim_locations') }} as locations on days.location_key = locations.location_key
