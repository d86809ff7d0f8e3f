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

    select
        {{ normalised_sku('source_product_id') }} as sku,
        max(unit_cost_amount) as unit_cost_amount,
        max(load_number) as load_number
    from {{ ref('int_recipe_costs') }}
    where unit_cost_amount is not null
    group by 1

),

paid as (

    select
        product_key,
        unit_cost_amount
    from {{ ref('int_inventory_costs') }}
    where valid_until_date is null

),

sold as (

    select
        product_key,
        sum(units) as units,
        sum(net_amount) as net_amount,
        sum(cost_amount) as cost_amount,
        sum(known_cost_net_amount) as known_cost_net_amount,
        sum(known_cost_units) as known_cost_units,
        max(load_number) as load_number
    from days
    group by product_key
    having sum(units) > 0

),

-- A dish costs what its recipe costs today; other products what their sales are known to have
-- cost, else what was paid for them last.
priced as (

    select
        sold.*,
        products.product_name,
        products.category_name,
        products.unit_cost_amount as product_cost_amount,
        case
            when recipes.unit_cost_amount is not null then 'recipe'
            when sold.known_cost_units <> 0 then 'product'
            when paid.unit_cost_amount is not null then 'purchase'
            else 'unknown'
        end as cost_basis,
        recipes.unit_cost_amount as recipe_cost_amount,
        paid.unit_cost_amount as paid_cost_amount,
        recipes.load_number as recipe_load_number
    from sold
    inner join {{ ref('dim_products') }} as products on sold.product_key = products.product_key
    left join recipes on {{ normalised_sku('products.sku') }} = recipes.sku
    left join paid on sold.product_key = paid.product_key

),

costed as (

    select
        product_key,
        product_name,
        category_name,
        units,
        net_amount,
        cost_basis,
        case cost_basis
            when 'recipe' then recipe_cost_amount
            when 'purchase' then paid_cost_amount
            else product_cost_amount
        end as unit_cost_amount,
        case cost_basis
            when 'recipe' then units * recipe_cost_amount
            when 'purchase' then units * paid_cost_amount
            else cost_amount
        end as cost_amount,
        case
            when cost_basis in ('recipe', 'purchase') then net_amount
            else known_cost_net_amount
        end as known_cost_net_amount,
        case when cost_basis in ('recipe', 'purchase') then units else known_cost_units end
            as known_cost_units,
        greatest(load_number, coalesce(recipe_load_number, load_number)) as load_number
    from priced

)

select
    costed.product_key,
    costed.product_name,
    costed.category_name,
    judged_period.period_start_date,
    judged_period.period_end_date,
    cast(costed.units as {{ dbt.type_numeric() }}) as units,
    cast(costed.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    costed.cost_basis,
    cast(costed.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    cast(costed.cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(costed.known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(costed.known_cost_units as {{ dbt.type_numeric() }}) as known_cost_units,
    costed.load_number
from costed
cross join judged_period
