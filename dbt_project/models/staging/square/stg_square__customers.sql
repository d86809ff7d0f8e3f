with documents as (

    select * from {{ source('raw_square', 'customers') }}

)

-- A deleted customer keeps the row: the sales are still theirs.
select
    id as source_customer_id,
    email_address_token as customer_email_token,
    phone_number_token as customer_phone_token,
    given_name_token,
    family_name_token,
    address_postal_code as postal_code,
    address_country as country_code,
    not preferences_email_unsubscribed as accepts_marketing,
    created_at as first_seen_at,
    _deleted_at as deleted_at,
    _load_number as load_number
from documents
