with documents as (

    select * from {{ source('raw_quickbooks', 'payments') }}

)

select
    {{ quickbooks_document_columns() }},
    customer_ref_value as source_customer_id,
    ar_account_ref_value as receivable_account_id,
    deposit_to_account_ref_value as source_account_id,
    total_amt as total_amount,
    unapplied_amt as unapplied_amount
from documents
