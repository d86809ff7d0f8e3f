with periods as (

    select * from {{ ref('fct_inventory_periods') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

-- Levels and sales are compared over the same days, those with a known cost.
rated as (

    select
        periods.*,
        costed_held_quantity / nullif(held_quantity, 0) as cost_coverage_rate,
        case
            when
                costed_held_quantity >= {{ var('minimum_cost_coverage') }} * held_quantity
                and costed_days_count >= {{ var('minimum_stock_days') }}
                then nullif(held_value_amount / costed_days_count, 0)
        end as average_value_amount
    from periods

)

select
    rated.product_key,
    products.product_name,
    products.sku,
    products.category_name,
    rated.location_key,
    rated.location_name,
    rated.source_system,
    rated.period_start_date,
    rated.period_end_date,
    rated.known_days_count,
    rated.in_stock_days_count,
    rated.stock_out_days_count,
    {% for amount in (
        'on_hand_quantity', 'unit_cost_amount', 'value_at_cost_amount', 'units', 'net_amount',
        'cost_of_sales_amount', 'average_value_amount', 'cost_coverage_rate'
    ) %}
        cast(rated.{{ amount }} as {{ dbt.type_numeric() }}) as {{ amount }},
    {% endfor %}
    cast(
        rated.cost_of_sales_amount / rated.average_value_amount * 365 / rated.costed_days_count
        as {{ dbt.type_numeric() }}
    ) as turnover_rate,
    cast(
        (rated.costed_net_amount - rated.cost_of_sales_amount) / rated.average_value_amount
        as {{ dbt.type_numeric() }}
    ) as gmroi_rate,
    cast(
        case when rated.available_quantity > 0 then rated.units / rated.available_quantity end
        as {{ dbt.type_numeric() }}
    ) as sell_through_rate,
    cast(
        case
            when rated.in_stock_units > 0 and rated.on_hand_quantity is not null
                then
                    greatest(rated.on_hand_quantity, 0)
                    / (rated.in_stock_units / rated.in_stock_days_count)
        end as {{ dbt.type_numeric() }}
    ) as days_on_hand,
    rated.last_sold_date,
    coalesce(
        rated.on_hand_quantity > 0 and rated.is_known_long_enough and rated.recent_units = 0, false
    ) as is_dead_stock,
    cast(rated.shrinkage_quantity as {{ dbt.type_numeric() }}) as shrinkage_quantity,
    cast(rated.shrinkage_amount as {{ dbt.type_numeric() }}) as shrinkage_amount,
    cast(
        case
            when rated.available_quantity > 0
                then rated.shrinkage_quantity / rated.available_quantity
        end as {{ dbt.type_numeric() }}
    ) as shrinkage_rate,
    rated.load_number
from rated
left join products on rated.product_key = products.product_key
