with documents as (

    select * from {{ source('raw_shopify', 'customers') }}

)

-- A deleted customer keeps the row: the sales are still theirs.
select
    id as source_customer_id,
    default_email_address_email_address_token as customer_email_token,
    default_phone_number_phone_number_token as customer_phone_token,
    first_name_token as given_name_token,
    last_name_token as family_name_token,
    default_address_zip as postal_code,
    default_address_country_code_v2 as country_code,
    default_email_address_marketing_state = 'SUBSCRIBED' as accepts_marketing,
    created_at as first_seen_at,
    _deleted_at as deleted_at,
    _load_number as load_number
from documents
