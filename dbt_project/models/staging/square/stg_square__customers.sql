with documents as (

    select * from {{ source('raw_square', 'customers') }}

)

select
    id as source_customer_id,
    email_address_token as customer_email_token,
    _loaded_at as loaded_at
from documents
where _deleted_at is null
