with documents as (

    select * from {{ source('raw_quickbooks', 'bill_payments') }}

)

select
    {{ quickbooks_document_columns() }},
    vendor_ref_value as source_vendor_id,
    ap_account_ref_value as payable_account_id,
    coalesce(credit_card_payment_cc_account_ref_value, check_payment_bank_account_ref_value)
        as source_account_id,
    lower(pay_type) as payment_type,
    total_amt as total_amount
from documents
