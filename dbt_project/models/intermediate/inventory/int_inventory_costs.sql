with changes as (

    select * from {{ ref('int_inventory_changes') }}
    where unit_cost_amount is not null

),

known_costs as (

    select * from {{ ref('int_product_costs') }}

),

ranked as (

    select
        changes.*,
        row_number() over (
            partition by source_system, source_product_id, changed_date
            order by occurred_at desc, turn desc, source_record_id asc
        ) as change_rank
    from changes

),

-- What was paid last for a product is what its stock is worth.
paid as (

    select
        source_system,
        source_product_id,
        unit_cost_amount,
        changed_date as valid_from_date,
        lead(changed_date) over (
            partition by source_system, source_product_id
            order by changed_date
        ) as valid_until_date
    from ranked
    where change_rank = 1

),

stocked as (

    select distinct
        source_system,
        source_product_id
    from {{ ref('int_inventory_changes') }}

)

select * from paid
union all
select
    stocked.source_system,
    stocked.source_product_id,
    known_costs.unit_cost_amount,
    known_costs.valid_from_date,
    known_costs.valid_until_date
from stocked
inner join known_costs on stocked.source_product_id = known_costs.source_product_id
where not exists (
    select 1
    from paid
    where
        paid.source_system = stocked.source_system
        and paid.source_product_id = stocked.source_product_id
)
