with identities as (

    select * from {{ source('ml', 'customer_identities') }}

)

select
    record_id as customer_record_id,
    person_id as person_record_id,
    match_method,
    match_confidence,
    changed_number
from identities
