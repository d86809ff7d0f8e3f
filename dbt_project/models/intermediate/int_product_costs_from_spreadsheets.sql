with products as (

    select * from {{ ref('stg_spreadsheets__products') }}

),

-- The newest file's word on what a product costs from a day on.
current_costs as (

    select
        source_product_id,
        unit_cost_amount,
        coalesce(valid_from_date, cast('1900-01-01' as date)) as valid_from_date,
        load_number,
        row_number() over (
            partition by source_product_id, coalesce(valid_from_date, cast('1900-01-01' as date))
            order by load_number desc, source_record_id asc
        ) as version_rank
    from products
    where superseded_number is null and unit_cost_amount is not null

),

-- A cost that is withdrawn or replaced changes the margin of its product's lines as well.
changes as (

    select
        source_product_id,
        max(greatest(load_number, coalesce(superseded_number, load_number))) as changed_number
    from products
    group by source_product_id

),

periods as (

    select
        current_costs.source_product_id,
        current_costs.unit_cost_amount,
        current_costs.valid_from_date,
        lead(current_costs.valid_from_date) over (
            partition by current_costs.source_product_id
            order by current_costs.valid_from_date
        ) as valid_until_date,
        changes.changed_number as load_number
    from current_costs
    inner join changes on current_costs.source_product_id = changes.source_product_id
    where current_costs.version_rank = 1

)

select * from periods
