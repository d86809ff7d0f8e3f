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
            partition by product_key, changed_date
            order by occurred_at desc, turn desc, source_record_id asc
        ) as change_rank
    from changes

),

-- What was paid last for a product is what its stock is worth.
paid as (

    select
        product_key,
        unit_cost_amount,
        changed_date as valid_from_date,
        lead(changed_date) over (
            partition by product_key
            order by changed_date
        ) as valid_until_date
    from ranked
    where change_rank = 1

),

stocked as (

    select distinct product_key from {{ ref('int_inventory_changes') }}

)

select * from paid
union all
select
    stocked.product_key,
    known_costs.unit_cost_amount,
    known_costs.valid_from_date,
    known_costs.valid_until_date
from stocked
inner join known_costs on stocked.product_key = known_costs.product_key
where stocked.product_key not in (select product_key from paid)
