select *
from {{ ref('ftr_purchases') }}
where
    {{ in_last_days('ordered_date', 365) }}
    and product_key in (select ingredient_key from {{ ref('fct_recipe_ingredients') }})
