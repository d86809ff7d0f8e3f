with recipe_ingredients as (

    select * from {{ ref('int_recipe_ingredients') }}

)

select
    recipe_line_key,
    product_key,
    ingredient_key,
    source_ingredient_id,
    ingredient_name,
    unit_of_measure,
    quantity,
    yield_rate,
    used_quantity,
    load_number
from recipe_ingredients
