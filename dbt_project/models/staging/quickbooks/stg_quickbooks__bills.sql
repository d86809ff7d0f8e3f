with documents as (

    select * from {{ source('raw_quickbooks', 'bills') }}

)

select
    {{ quickbooks_document_columns() }},
    vendor_ref_value as source_vendor_id,
    ap_account_ref_value as source_account_id,
    sales_term_ref_value as source_term_id,
    due_date,
    total_amt as total_amount,
    balance as balance_amount
from documents
