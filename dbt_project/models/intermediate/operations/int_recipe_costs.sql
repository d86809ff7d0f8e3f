with recipes as (

    select * from {{ ref('stg_spreadsheets__recipes') }}
    where superseded_number is null

),

purchases as (

    select * from {{ ref('stg_spreadsheets__purchases') }}
    where
        superseded_number is null
        and unit_cost_amount is not null
        and (currency_code is null or currency_code = {{ business_setting('currency_code') }})

),

products as (

    select * from {{ ref('stg_spreadsheets__products') }}
    where superseded_number is null and unit_cost_amount is not null

),

-- An ingredient is found by its id, or by its name in files that give it none.
priced as (

    select
        source_product_id as ingredient,
        unit_cost_amount,
        coalesce(received_date, ordered_date) as known_date,
        1 as turn,
        source_record_id
    from purchases
    union all
    select
        source_product_id as ingredient,
        unit_cost_amount,
        valid_from_date as known_date,
        2 as turn,
        source_record_id
    from products

),

ranked as (

    select
        priced.*,
        row_number() over (
            partition by ingredient
            order by
                turn asc, coalesce(known_date, cast('1900-01-01' as date)) desc,
                source_record_id desc
        ) as price_rank
    from priced

),

-- The recipe's own cost is in the recipe's unit; what was paid elsewhere is taken to be.
ingredients as (

    select
        recipes.source_product_id,
        recipes.load_number,
        recipes.quantity / nullif(coalesce(recipes.yield_rate, 1), 0) as used_quantity,
        coalesce(
            case
                when
                    recipes.currency_code is null
                    or recipes.currency_code = {{ business_setting('currency_code') }}
                    then recipes.unit_cost_amount
            end, by_id.unit_cost_amount, by_name.unit_cost_amount
        ) as unit_cost_amount
    from recipes
    left join ranked as by_id
        on recipes.source_ingredient_id = by_id.ingredient and by_id.price_rank = 1
    left join ranked as by_name
        on recipes.ingredient_name = by_name.ingredient and by_name.price_rank = 1

)

select
    source_product_id,
    count(*) as ingredients_count,
    count(unit_cost_amount) as costed_ingredients_count,
    -- A recipe costs what all of it costs.
    cast(
        case
            when count(*) = count(used_quantity * unit_cost_amount)
                then sum(used_quantity * unit_cost_amount)
        end as {{ dbt.type_numeric() }}
    ) as unit_cost_amount,
    max(load_number) as load_number
from ingredients
group by source_product_id
