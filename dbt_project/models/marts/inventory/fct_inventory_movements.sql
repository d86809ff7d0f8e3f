with changes as (

    select * from {{ ref('int_inventory_changes') }}

),

-- Square tells each sale as a change of stock; elsewhere sales are those of the ledger.
sales as (

    select * from {{ ref('fct_stock_sales') }}
    where stock_system <> 'square' and quantity <> 0

),

events as (

    select
        source_system,
        source_record_id,
        product_key,
        location_key,
        location_name,
        change_type,
        is_count,
        quantity,
        unit_cost_amount,
        occurred_at,
        changed_date,
        turn,
        load_number
    from changes
    union all
    select
        stock_system as source_system,
        {{ dbt.concat(["'sale '", "sale_line_key"]) }} as source_record_id,
        product_key,
        location_key,
        location_name,
        case when quantity > 0 then 'sale' else 'return' end as change_type,
        false as is_count,
        -quantity as quantity,
        cast(null as {{ dbt.type_numeric() }}) as unit_cost_amount,
        case when stock_system = 'shopify' then occurred_at end as occurred_at,
        sale_date as changed_date,
        1 as turn,
        load_number
    from sales

),

ordered as (

    select
        events.*,
        row_number() over (
            partition by product_key, location_key
            order by changed_date, occurred_at, turn, source_record_id
        ) as event_number
    from events

),

counted as (

    select
        ordered.*,
        sum(case when is_count then 1 else 0 end) over (
            partition by product_key, location_key
            order by event_number
            rows between unbounded preceding and current row
        ) as counts_so_far
    from ordered

),

-- Stock is the last count and what changed since. What lies before the first count is unknown,
-- but at Square, which begins with nothing.
levelled as (

    select
        counted.*,
        sum(quantity) over (
            partition by product_key, location_key, counts_so_far
            order by event_number
            rows between unbounded preceding and current row
        ) as on_hand_quantity
    from counted
    where counts_so_far > 0 or source_system = 'square'

),

moved as (

    select
        levelled.*,
        on_hand_quantity - coalesce(
            lag(on_hand_quantity) over (
                partition by product_key, location_key
                order by event_number
            ), 0
        ) as moved_quantity
    from levelled

)

select
    {{ surrogate_key(['source_system', 'source_record_id', 'product_key', 'location_key']) }}
        as movement_key,
    source_system,
    source_record_id,
    product_key,
    location_key,
    location_name,
    cast(event_number as {{ dbt.type_bigint() }}) as movement_number,
    case
        when is_count and counts_so_far = 1 then 'opening'
        when is_count and source_system = 'shopify' then 'level_change'
        when is_count then 'recount'
        else change_type
    end as movement_type,
    cast(moved_quantity as {{ dbt.type_numeric() }}) as quantity,
    cast(on_hand_quantity as {{ dbt.type_numeric() }}) as on_hand_quantity,
    cast(unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    {{ business_setting('currency_code') }} as currency_code,
    occurred_at,
    changed_date as movement_date,
    load_number
from moved
