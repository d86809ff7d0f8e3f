with documents as (

    select * from {{ source('raw_shopify', 'inventory_items') }}

)

select
    id as source_inventory_item_id,
    unit_cost as unit_cost_amount,
    _load_number as load_number
from documents
where _deleted_at is null
