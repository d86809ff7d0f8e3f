with costed as (

    select * from {{ ref('fct_menu_costs') }}

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
    placed.period_start_date,
    placed.period_end_date,
    cast(placed.units as {{ dbt.type_numeric() }}) as units,
    cast(placed.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(placed.net_amount / placed.units as {{ dbt.type_numeric() }}) as unit_net_amount,
    placed.unit_cost_amount,
    placed.cost_basis,
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
    placed.load_number
from placed
