with documents as (

    select * from {{ source('raw_quickbooks', 'invoices') }}

)

select
    {{ quickbooks_document_columns() }},
    customer_ref_value as source_customer_id,
    class_ref_value as source_class_id,
    ar_account_ref_value as source_account_id,
    deposit_to_account_ref_value as deposit_account_id,
    sales_term_ref_value as source_term_id,
    due_date,
    total_amt as total_amount,
    home_total_amt as home_total_amount,
    deposit as deposit_amount,
    balance as balance_amount
from documents
