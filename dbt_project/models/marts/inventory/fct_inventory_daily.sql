{{ config(indexes=[{'columns': ['stock_date']}]) }}

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
        min(location_name) as location_name,
        min(movement_date) as first_date,
        max(movement_date) as last_date
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
        sum(quantity) as quantity,
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

days as (

    select
        dates.date_day as stock_date,
        shelves.source_system,
        shelves.product_key,
        shelves.location_key,
        shelves.location_name,
        coalesce(moved.quantity, 0) as quantity,
        coalesce(moved.counted_quantity, 0) as counted_quantity,
        coalesce(moved.received_quantity, 0) as received_quantity,
        coalesce(moved.sold_quantity, 0) as sold_quantity,
        coalesce(moved.returned_quantity, 0) as returned_quantity,
        coalesce(moved.transferred_quantity, 0) as transferred_quantity,
        coalesce(moved.wasted_quantity, 0) as wasted_quantity,
        coalesce(moved.recounted_quantity, 0) as recounted_quantity,
        coalesce(moved.adjusted_quantity, 0) as adjusted_quantity,
        sum(coalesce(moved.quantity, 0)) over shelf as closing_quantity,
        max(moved.load_number) over shelf as load_number
    from shelves
    cross join ends
    left join kept
        on shelves.product_key = kept.product_key and shelves.location_key = kept.location_key
    -- What is stocked no longer ends with its last movement.
    inner join dates
        on
            shelves.first_date <= dates.date_day
            and case when kept.product_key is null then shelves.last_date else ends.last_date end
            >= dates.date_day
    left join moved
        on
            shelves.product_key = moved.product_key
            and shelves.location_key = moved.location_key
            and dates.date_day = moved.movement_date
    window
        shelf as (
            partition by shelves.product_key, shelves.location_key
            order by dates.date_day
            rows between unbounded preceding and current row
        )

)

select
    days.stock_date,
    days.source_system,
    days.product_key,
    days.location_key,
    days.location_name,
    cast(
        days.closing_quantity - days.quantity + days.counted_quantity as {{ dbt.type_numeric() }}
    ) as opening_quantity,
    {% for measure in
        ('received', 'sold', 'returned', 'transferred', 'wasted', 'recounted', 'adjusted') %}
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
