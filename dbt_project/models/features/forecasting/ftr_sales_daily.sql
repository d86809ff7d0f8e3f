with days as (

    select * from {{ ref('fct_product_sales_daily') }}
    where sale_date <= {{ feature_date() }}

)

select
    days.sale_date,
    locations.location_name,
    coalesce(products.category_name, 'Uncategorised') as category_name,
    coalesce(products.product_name, '') as product_name,
    sum(days.net_amount) as net_amount
from days
inner join {{ ref('dim_locations') }} as locations on days.location_key = locations.location_key
left join {{ ref('dim_products') }} as products on days.product_key = products.product_key
group by 1, 2, 3, 4
