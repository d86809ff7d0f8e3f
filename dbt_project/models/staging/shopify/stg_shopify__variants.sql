with documents as (

    select * from {{ source('raw_shopify', 'products__variants') }}

)

select
    id as source_variant_id,
    product_id as source_product_id,
    sku,
    title as variation_name,
    price as unit_price_amount,
    inventory_item_id as source_inventory_item_id,
    _load_number as load_number
from documents
where _is_emptied is null
