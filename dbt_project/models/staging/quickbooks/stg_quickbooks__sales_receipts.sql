with documents as (

    select * from {{ source('raw_quickbooks', 'sales_receipts') }}

)

select
    {{ quickbooks_document_columns() }},
    customer_ref_value as source_customer_id,
    class_ref_value as source_class_id,
    deposit_to_account_ref_value as source_account_id,
    total_amt as total_amount,
    home_total_amt as home_total_amount
from documents
