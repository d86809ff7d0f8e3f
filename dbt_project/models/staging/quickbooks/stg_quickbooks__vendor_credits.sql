with documents as (

    select * from {{ source('raw_quickbooks', 'vendor_credits') }}

)

select
    {{ quickbooks_document_columns() }},
    vendor_ref_value as source_vendor_id,
    ap_account_ref_value as source_account_id,
    total_amt as total_amount,
    balance as balance_amount
from documents
