with counts as (

    select * from {{ ref('stg_spreadsheets__stock_counts') }}
    where superseded_number is null

),

counted_products as (

    select distinct source_product_id from counts

),

purchases as (

    select * from {{ ref('stg_spreadsheets__purchases') }}
    where superseded_number is null and received_date is not null

),

-- A delivery moves stock where stock is counted by files; elsewhere the till tells it.
changes as (

    select
        {{ dbt.concat(["'count '", "source_record_id"]) }} as source_record_id,
        source_product_id,
        location_name,
        'count' as change_type,
        on_hand_quantity as quantity,
        unit_cost_amount,
        currency_code,
        counted_date as changed_date,
        load_number
    from counts
    union all
    select
        {{ dbt.concat(["'purchase '", "purchases.source_record_id"]) }} as source_record_id,
        purchases.source_product_id,
        purchases.location_name,
        'receipt' as change_type,
        purchases.received_quantity as quantity,
        purchases.unit_cost_amount,
        purchases.currency_code,
        purchases.received_date as changed_date,
        purchases.load_number
    from purchases
    inner join counted_products
        on purchases.source_product_id = counted_products.source_product_id

)

-- Files tell days. On each, goods are received, then sold, then counted.
select
    'spreadsheets' as source_system,
    source_record_id,
    source_product_id,
    coalesce(location_name, {{ default_location() }}) as location_name,
    change_type,
    change_type = 'count' as is_count,
    quantity,
    case
        when currency_code is null or currency_code = {{ business_setting('currency_code') }}
            then unit_cost_amount
    end as unit_cost_amount,
    cast(null as {{ dbt.type_timestamp() }}) as occurred_at,
    changed_date,
    case when change_type = 'count' then 2 else 0 end as turn,
    true as is_still_stocked,
    load_number
from changes
