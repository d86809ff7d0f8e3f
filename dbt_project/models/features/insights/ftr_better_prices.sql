select
    product_key,
    product_name,
    elasticity,
    current_price_amount,
    best_price_amount,
    margin_change_amount,
    lower_margin_change_amount,
    upper_margin_change_amount
from {{ ref('stg_ml__price_elasticities') }}
where subject_level = 'product' and lower_margin_change_amount > 0
