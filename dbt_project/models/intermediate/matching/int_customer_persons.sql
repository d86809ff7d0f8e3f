with records as (

    select * from {{ ref('int_customer_records') }}

),

identities as (

    select * from {{ ref('stg_ml__customer_identities') }}

)

select
    records.customer_record_id,
    coalesce(identities.person_record_id, records.customer_record_id) as person_record_id,
    coalesce(
        records.customer_email_token, records.customer_phone_token, records.given_name_token
    ) is not null as is_person,
    greatest(records.load_number, coalesce(identities.changed_number, records.load_number)) as known_number
from records
left join identities on records.customer_record_id = identities.customer_record_id
