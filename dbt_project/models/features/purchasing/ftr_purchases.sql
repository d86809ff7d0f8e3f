select
    purchase_line_key,
    product_key,
    location_key,
    supplier_name,
    ordered_date,
    received_date,
    quantity
from {{ ref('fct_purchases') }}
where ordered_date <= {{ feature_date() }} and quantity > 0
