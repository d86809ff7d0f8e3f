with documents as (

    select * from {{ source('raw_quickbooks', 'purchases') }}

)

select
    {{ quickbooks_document_columns() }},
    account_ref_value as source_account_id,
    lower(entity_ref_type) as entity_type,
    entity_ref_value as source_entity_id,
    lower(payment_type) as payment_type,
    coalesce(credit, false) as is_credit,
    total_amt as total_amount
from documents
