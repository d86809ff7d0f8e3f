with documents as (

    select * from {{ source('raw_shopify', 'customers') }}

)

select
    id as source_customer_id,
    default_email_address_email_address_token as customer_email_token,
    _loaded_at as loaded_at
from documents
where _deleted_at is null
