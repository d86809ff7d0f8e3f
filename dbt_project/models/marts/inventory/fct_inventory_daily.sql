{{ config(indexes=[{'columns': ['stock_date']}]) }}
{%- set measures = [
    'moved', 'counted', 'received', 'sold', 'returned', 'transferred', 'wasted', 'recounted',
    'adjusted',
] %}

with movements as (

    select * from {{ ref('fct_inventory_movements') }}

),

costs as (

    select * from {{ ref('int_inventory_costs') }}

),

dates as (

    select date_day from {{ ref('dim_dates') }}

),

shelves as (

    select
        product_key,
        location_key,
        min(source_system) as source_system,
        min(location_name) as location_name
    from movements
    group by product_key, location_key

),

kept as (

    select distinct
        product_key,
        location_key
    from {{ ref('int_inventory_changes') }}
    where is_still_stocked

),

-- Levels are told up to the last day of the data, or the newest movement.
ends as (

    select
        greatest(max(movement_date), coalesce({{ as_of_date() }}, max(movement_date))) as last_date
    from movements

),

moved as (

    select
        product_key,
        location_key,
        movement_date,
        sum(quantity) as moved_quantity,
        sum(case when movement_type = 'opening' then quantity else 0 end) as counted_quantity,
        sum(case when movement_type = 'receipt' then quantity else 0 end) as received_quantity,
        -sum(case when movement_type = 'sale' then quantity else 0 end) as sold_quantity,
        sum(case when movement_type = 'return' then quantity else 0 end) as returned_quantity,
        sum(case when movement_type = 'transfer' then quantity else 0 end)
            as transferred_quantity,
        -sum(case when movement_type = 'waste' then quantity else 0 end) as wasted_quantity,
        sum(case when movement_type = 'recount' then quantity else 0 end) as recounted_quantity,
        sum(case when movement_type in ('level_change', 'adjustment') then quantity else 0 end)
            as adjusted_quantity,
        max(load_number) as load_number
    from movements
    group by product_key, location_key, movement_date

),

levels as (

    select
        moved.*,
        sum(moved_quantity) over shelf as closing_quantity,
        max(load_number) over shelf as newest_load_number,
        lead(movement_date) over (
            partition by product_key, location_key order by movement_date
        ) as next_date
    from moved
    window
        shelf as (
            partition by product_key, location_key
            order by movement_date
            rows between unbounded preceding and current row
        )

),

-- A level stays until the next movement. What is stocked no longer ends with its last one.
days as (

    select
        dates.date_day as stock_date,
        shelves.source_system,
        levels.product_key,
        levels.location_key,
        shelves.location_name,
        {% for measure in measures %}
            case when dates.date_day = levels.movement_date then levels.{{ measure }}_quantity else 0 end
                as {{ measure }}_quantity,
        {% endfor %}
        levels.closing_quantity,
        levels.newest_load_number as load_number
    from levels
    inner join shelves
        on
            levels.product_key = shelves.product_key
            and levels.location_key = shelves.location_key
    left join kept
        on levels.product_key = kept.product_key and levels.location_key = kept.location_key
    cross join ends
    inner join dates
        on
            levels.movement_date <= dates.date_day
            and dates.date_day < coalesce(levels.next_date, cast({{ dbt.dateadd(
                'day', 1,
                'case when kept.product_key is null then levels.movement_date else ends.last_date end'
            ) }} as date))

)

select
    days.stock_date,
    days.source_system,
    days.product_key,
    days.location_key,
    days.location_name,
    cast(
        days.closing_quantity - days.moved_quantity + days.counted_quantity as {{ dbt.type_numeric() }}
    ) as opening_quantity,
    {% for measure in measures[2:] %}
        cast(days.{{ measure }}_quantity as {{ dbt.type_numeric() }}) as {{ measure }}_quantity,
    {% endfor %}
    cast(days.closing_quantity as {{ dbt.type_numeric() }}) as closing_quantity,
    cast(costs.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    cast(
        greatest(days.closing_quantity, 0) * costs.unit_cost_amount as {{ dbt.type_numeric() }}
    ) as value_at_cost_amount,
    costs.unit_cost_amount is not null as is_cost_known,
    days.closing_quantity <= 0 as is_out_of_stock,
    days.load_number
from days
left join costs
    on
        days.product_key = costs.product_key
        and days.stock_date >= costs.valid_from_date
        and (costs.valid_until_date is null or days.stock_date < costs.valid_until_date)
