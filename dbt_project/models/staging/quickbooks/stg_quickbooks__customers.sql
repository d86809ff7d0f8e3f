with objects as (

    select * from {{ source('raw_quickbooks', 'customers') }}

)

select
    id as source_customer_id,
    parent_ref_value as parent_customer_id,
    display_name_token,
    given_name_token,
    family_name_token,
    primary_email_addr_address_token as email_token,
    coalesce(primary_phone_free_form_number_token, mobile_free_form_number_token) as phone_token,
    bill_addr_postal_code as postal_code,
    meta_data_create_time as first_seen_at,
    currency_ref_value as currency_code,
    sales_term_ref_value as source_term_id,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
