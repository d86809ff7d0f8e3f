with levels as (

    select * from {{ ref('fct_inventory_daily') }}

),

judged_period as (

    select
        as_of.period_end_date,
        cast({{ dbt.dateadd('day', -364, 'as_of.period_end_date') }} as date) as period_start_date,
        cast(
            {{ dbt.dateadd('day', -var('dead_stock_days'), 'as_of.period_end_date') }} as date
        ) as idle_since_date
    from (select {{ as_of_date() }} as period_end_date) as as_of

),

-- Sales of the day of a first count were made before it and after it; those before took stock that
-- was never counted.
half_known_days as (

    select
        product_key,
        location_key,
        movement_date
    from {{ ref('fct_inventory_movements') }}
    where movement_type = 'opening' and source_system <> 'square'

),

sales as (

    select
        product_key,
        location_key,
        sale_date,
        sum(net_amount) as net_amount
    from {{ ref('fct_stock_sales') }}
    group by product_key, location_key, sale_date

),

days as (

    select
        levels.*,
        judged_period.period_start_date,
        judged_period.period_end_date,
        judged_period.idle_since_date,
        case when levels.is_cost_known then 1 else 0 end as is_costed,
        case when levels.is_out_of_stock then 0 else 1 end as is_in_stock,
        levels.sold_quantity - levels.returned_quantity as net_units,
        greatest(levels.closing_quantity, 0) as held_quantity,
        case when half_known_days.product_key is null then 1 else 0 end as is_comparable,
        coalesce(sales.net_amount, 0) as net_amount,
        levels.wasted_quantity - levels.recounted_quantity as shrunk_quantity,
        row_number() over (
            partition by levels.product_key, levels.location_key
            order by levels.stock_date
        ) as day_number
    from levels
    cross join judged_period
    left join sales
        on
            levels.product_key = sales.product_key
            and levels.location_key = sales.location_key
            and levels.stock_date = sales.sale_date
    left join half_known_days
        on
            levels.product_key = half_known_days.product_key
            and levels.location_key = half_known_days.location_key
            and levels.stock_date = half_known_days.movement_date
    where
        levels.stock_date >= judged_period.period_start_date
        and levels.stock_date <= judged_period.period_end_date

),

summed as (

    select
        source_system,
        product_key,
        location_key,
        location_name,
        min(period_start_date) as period_start_date,
        min(period_end_date) as period_end_date,
        count(*) as known_days_count,
        sum(1 - is_in_stock) as stock_out_days_count,
        sum(is_in_stock) as in_stock_days_count,
        sum(case when stock_date = period_end_date then closing_quantity end) as on_hand_quantity,
        sum(case when stock_date = period_end_date then value_at_cost_amount end)
            as value_at_cost_amount,
        sum(case when stock_date = period_end_date then unit_cost_amount end) as unit_cost_amount,
        sum(case when day_number = 1 then opening_quantity else 0 end)
        + sum(received_quantity) + sum(transferred_quantity) as available_quantity,
        sum(net_units) as units,
        sum(is_in_stock * net_units) as in_stock_units,
        sum(case when stock_date > idle_since_date then sold_quantity else 0 end) as recent_units,
        min(stock_date) <= min(idle_since_date) as is_known_long_enough,
        max(case when sold_quantity > 0 then stock_date end) as last_sold_date,
        sum(is_costed) as costed_days_count,
        sum(held_quantity) as held_quantity,
        sum(is_costed * held_quantity) as costed_held_quantity,
        sum(value_at_cost_amount) as held_value_amount,
        sum(is_comparable * net_units * unit_cost_amount) as cost_of_sales_amount,
        sum(net_amount) as net_amount,
        sum(is_comparable * is_costed * net_amount) as costed_net_amount,
        case when source_system <> 'shopify' then sum(shrunk_quantity) end as shrinkage_quantity,
        case when source_system <> 'shopify' then sum(shrunk_quantity * unit_cost_amount) end
            as shrinkage_amount,
        max(load_number) as load_number
    from days
    group by source_system, product_key, location_key, location_name

)

select
    source_system,
    product_key,
    location_key,
    location_name,
    period_start_date,
    period_end_date,
    known_days_count,
    in_stock_days_count,
    stock_out_days_count,
    costed_days_count,
    {% for amount in (
        'on_hand_quantity', 'unit_cost_amount', 'value_at_cost_amount', 'available_quantity', 'units',
        'in_stock_units', 'recent_units', 'net_amount', 'costed_net_amount', 'cost_of_sales_amount',
        'held_quantity', 'costed_held_quantity', 'held_value_amount', 'shrinkage_quantity',
        'shrinkage_amount'
    ) %}
        cast({{ amount }} as {{ dbt.type_numeric() }}) as {{ amount }},
    {% endfor %}
    is_known_long_enough,
    last_sold_date,
    load_number
from summed
