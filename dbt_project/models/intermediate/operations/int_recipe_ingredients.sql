with recipes as (

    select * from {{ ref('stg_spreadsheets__recipes') }}
    where superseded_number is null

),

identities as (

    select * from {{ ref('int_product_identities') }}
    where source_system = 'spreadsheets'

),

-- A file that has no list of products of its own names them by their numbers.
numbered as (

    select
        sku,
        min(product_key) as product_key
    from {{ ref('int_product_identities') }}
    where sku is not null
    group by sku

)

select
    recipes.source_record_id as recipe_line_key,
    coalesce(
        dishes.product_key,
        numbered.product_key,
        {{ surrogate_key(["'spreadsheets'", 'recipes.source_product_id']) }}
    ) as product_key,
    coalesce(
        ingredients.product_key,
        {{ surrogate_key(["'spreadsheets'", 'recipes.source_ingredient_id']) }}
    ) as ingredient_key,
    recipes.source_ingredient_id,
    coalesce(recipes.ingredient_name, recipes.source_ingredient_id) as ingredient_name,
    recipes.unit_of_measure,
    cast(recipes.quantity as {{ dbt.type_numeric() }}) as quantity,
    cast(coalesce(recipes.yield_rate, 1) as {{ dbt.type_numeric() }}) as yield_rate,
    cast(
        recipes.quantity / nullif(coalesce(recipes.yield_rate, 1), 0) as {{ dbt.type_numeric() }}
    ) as used_quantity,
    recipes.load_number
from recipes
left join identities as dishes on recipes.source_product_id = dishes.source_product_id
left join identities as ingredients on recipes.source_ingredient_id = ingredients.source_product_id
left join numbered on {{ normalised_sku('recipes.source_product_id') }} = numbered.sku
