with documents as (

    select * from {{ source('raw_shopify', 'shop') }}

)

select
    id as source_shop_id,
    name as shop_name,
    iana_timezone as time_zone,
    currency_code,
    _load_number as load_number
from documents
where _deleted_at is null
