with documents as (

    select * from {{ source('raw_quickbooks', 'deposits') }}

)

select
    {{ quickbooks_document_columns() }},
    deposit_to_account_ref_value as source_account_id,
    cash_back_account_ref_value as cash_back_account_id,
    total_amt as total_amount,
    cash_back_amount
from documents
