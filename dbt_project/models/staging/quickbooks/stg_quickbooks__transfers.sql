with documents as (

    select * from {{ source('raw_quickbooks', 'transfers') }}

)

select
    {{ quickbooks_document_columns() }},
    from_account_ref_value as source_account_id,
    to_account_ref_value as other_account_id,
    class_ref_value as source_class_id,
    amount as total_amount
from documents
