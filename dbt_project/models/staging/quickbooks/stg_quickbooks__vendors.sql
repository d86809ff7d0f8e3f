with objects as (

    select * from {{ source('raw_quickbooks', 'vendors') }}

)

select
    id as source_vendor_id,
    display_name_token,
    primary_email_addr_address_token as email_token,
    currency_ref_value as currency_code,
    term_ref_value as source_term_id,
    balance as balance_amount,
    active as is_active,
    _deleted_at as deleted_at,
    _load_number as load_number
from objects
