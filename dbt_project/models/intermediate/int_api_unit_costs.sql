with variants as (

    select * from {{ ref('stg_shopify__variants') }}

),

inventory_items as (

    select * from {{ ref('stg_shopify__inventory_items') }}

),

items as (

    select * from {{ ref('stg_quickbooks__items') }}

)

select
    {{ dbt.concat(["'shopify|'", 'variants.source_variant_id']) }} as cost_id,
    'shopify' as source_system,
    variants.source_variant_id as source_product_id,
    inventory_items.unit_cost_amount,
    greatest(variants.load_number, inventory_items.load_number) as load_number
from variants
inner join inventory_items
    on variants.source_inventory_item_id = inventory_items.source_inventory_item_id
where inventory_items.unit_cost_amount is not null
union all
select
    {{ dbt.concat(["'quickbooks|'", 'source_item_id']) }} as cost_id,
    'quickbooks' as source_system,
    source_item_id as source_product_id,
    purchase_cost_amount as unit_cost_amount,
    load_number
from items
where purchase_cost_amount > 0 and deleted_at is null
