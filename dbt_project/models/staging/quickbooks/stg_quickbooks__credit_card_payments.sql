with documents as (

    select * from {{ source('raw_quickbooks', 'credit_card_payments') }}

)

select
    {{ quickbooks_document_columns() }},
    bank_account_ref_value as source_account_id,
    credit_card_account_ref_value as other_account_id,
    vendor_ref_value as source_vendor_id,
    amount as total_amount
from documents
