with rows_of_files as (

    select * from {{ source('raw_spreadsheets', 'customers') }}

)

select
    customer_id as source_customer_id,
    customer_email_token,
    customer_phone_token,
    customer_name_token as full_name_token,
    postal_code,
    country_code,
    accepts_marketing,
    cast(first_seen_date as {{ dbt.type_timestamp() }}) as first_seen_at,
    _load_number as load_number,
    _superseded_number as superseded_number
from rows_of_files
