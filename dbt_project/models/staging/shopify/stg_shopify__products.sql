with documents as (

    select * from {{ source('raw_shopify', 'products') }}

)

select
    id as source_product_id,
    title as product_name,
    coalesce(nullif(product_type, ''), category_full_name) as category_name,
    greatest(_loaded_at, coalesce(_deleted_at, _loaded_at)) as loaded_at
from documents
