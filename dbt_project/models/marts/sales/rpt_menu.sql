with as_of as (

    select {{ as_of_date() }} as period_end_date

),

judged_period as (

    select
        period_end_date,
        {{ month_start(dbt.dateadd('month', -11, 'period_end_date')) }} as period_start_date
    from as_of

),

days as (

    select product_days.*
    from {{ ref('fct_product_sales_daily') }} as product_days
    cross join judged_period
    where
        product_days.product_key is not null
        and product_days.sale_date >= judged_period.period_start_date
        and product_days.sale_date <= judged_period.period_end_date

),

recipes as (

    select * from {{ ref('int_recipe_costs') }}
    where unit_cost_amount is not null

),

sold as (

    select
        product_key,
        sum(units) as units,
        sum(net_amount) as net_amount,
        sum(cost_amount) as cost_amount,
        sum(known_cost_net_amount) as known_cost_net_amount,
        sum(known_cost_units) as known_cost_units,
        max(loaded_at) as loaded_at
    from days
    group by product_key
    having sum(units) > 0

),

-- A dish costs what its recipe costs today; what has none costs what its sales are known to.
costed as (

    select
        sold.product_key,
        products.product_name,
        products.category_name,
        sold.units,
        sold.net_amount,
        coalesce(recipes.unit_cost_amount, products.unit_cost_amount) as unit_cost_amount,
        case when recipes.unit_cost_amount is null then 'product' else 'recipe' end as cost_basis,
        coalesce(sold.units * recipes.unit_cost_amount, sold.cost_amount) as cost_amount,
        case
            when recipes.unit_cost_amount is null then sold.known_cost_net_amount
            else sold.net_amount
        end as known_cost_net_amount,
        case when recipes.unit_cost_amount is null then sold.known_cost_units else sold.units end
            as known_cost_units,
        greatest(sold.loaded_at, coalesce(recipes.loaded_at, sold.loaded_at)) as loaded_at
    from sold
    inner join {{ ref('dim_products') }} as products on sold.product_key = products.product_key
    left join recipes on products.sku = recipes.source_product_id

),

measured as (

    select
        costed.*,
        known_cost_net_amount - cost_amount as gross_margin_amount,
        case
            when known_cost_units > 0
                then (known_cost_net_amount - cost_amount) / known_cost_units
        end as unit_margin_amount,
        units / sum(units) over () as popularity_share,
        count(*) over () as products_count,
        sum(known_cost_net_amount - cost_amount) over ()
        / nullif(sum(known_cost_units) over (), 0) as average_unit_margin_amount
    from costed

),

-- Kasavana & Smith (1982): popular from 70 % of an equal share of units on, profitable from
-- the menu's unit-weighted average contribution margin on.
judged as (

    select
        measured.*,
        popularity_share >= 0.7 / products_count as is_popular,
        case
            when unit_margin_amount is not null
                then unit_margin_amount >= average_unit_margin_amount
        end as is_profitable
    from measured

),

placed as (

    select
        judged.*,
        case
            when is_profitable is null then 'Cost unknown'
            when is_popular and is_profitable then 'Star'
            when is_popular then 'Plowhorse'
            when is_profitable then 'Puzzle'
            else 'Dog'
        end as quadrant
    from judged

)

select
    placed.product_key,
    placed.product_name,
    placed.category_name,
    judged_period.period_start_date,
    judged_period.period_end_date,
    cast(placed.units as {{ dbt.type_numeric() }}) as units,
    cast(placed.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(placed.net_amount / placed.units as {{ dbt.type_numeric() }}) as unit_net_amount,
    cast(placed.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    case when placed.is_profitable is null then 'unknown' else placed.cost_basis end as cost_basis,
    cast(placed.unit_margin_amount as {{ dbt.type_numeric() }}) as unit_margin_amount,
    cast(placed.gross_margin_amount as {{ dbt.type_numeric() }}) as gross_margin_amount,
    cast(
        placed.gross_margin_amount / nullif(placed.known_cost_net_amount, 0)
        as {{ dbt.type_numeric() }}
    ) as margin_rate,
    cast(placed.popularity_share as {{ dbt.type_numeric() }}) as popularity_share,
    placed.is_popular,
    placed.is_profitable,
    placed.quadrant,
    case placed.quadrant
        when 'Star' then 'Keep it prominent and never run out of it'
        when 'Plowhorse' then 'Raise the price a little or make it cheaper to produce'
        when 'Puzzle' then 'Promote it: better place on the menu, a better name, a special'
        when 'Dog' then 'Rework it or take it off the menu'
        else 'Enter its recipe, or its cost in a products file, to judge it'
    end as recommended_action,
    placed.loaded_at
from placed
cross join judged_period
