select
    product_key as ingredient_key,
    location_key,
    closing_quantity as on_hand_quantity
from {{ ref('fct_inventory_daily') }}
where
    stock_date = {{ feature_date() }}
    and product_key in (select ingredient_key from {{ ref('fct_recipe_ingredients') }})
