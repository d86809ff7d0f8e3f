select
    product_key,
    row_number() over (order by product_key) as product_number,
    product_name,
    category_name,
    unit_cost_amount
from {{ ref('dim_products') }}
