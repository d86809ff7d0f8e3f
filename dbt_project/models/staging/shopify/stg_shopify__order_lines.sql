with documents as (

    select * from {{ source('raw_shopify', 'orders__line_items') }}

)

select
    order_id as source_order_id,
    id as source_line_id,
    coalesce(variant_id, product_id, sku, title) as source_product_id,
    sku,
    title as product_name,
    variant_title as variation_name
from documents
where _is_emptied is null
