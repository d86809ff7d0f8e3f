with documents as (

    select * from {{ source('raw_shopify', 'shop') }}

)

select
    id as source_shop_id,
    name as shop_name,
    iana_timezone as time_zone,
    currency_code,
    _loaded_at as loaded_at
from documents
where _deleted_at is null
