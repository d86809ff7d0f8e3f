with documents as (

    select * from {{ source('raw_shopify', 'products') }}

)

select
    id as source_product_id,
    title as product_name,
    coalesce(nullif(product_type, ''), category_full_name) as category_name,
    _load_number as load_number
from documents
