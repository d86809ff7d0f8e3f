with documents as (

    select * from {{ source('raw_shopify', 'orders__transactions') }}

)

select
    order_id as source_order_id,
    gateway,
    kind,
    status
from documents
where _is_emptied is null
