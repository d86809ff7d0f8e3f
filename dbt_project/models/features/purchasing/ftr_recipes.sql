select
    recipe_line_key,
    product_key,
    ingredient_key,
    ingredient_name,
    unit_of_measure,
    used_quantity
from {{ ref('fct_recipe_ingredients') }}
