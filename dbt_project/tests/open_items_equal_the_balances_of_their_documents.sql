-- What the hub finds open is what QuickBooks itself writes on its invoices, bills and credits.
with open_items as (

    select * from {{ ref('int_quickbooks_open_items') }}

)

select
    document_type,
    source_document_id,
    open_amount,
    source_balance_amount
from open_items
where
    document_type in ('invoice', 'credit_memo', 'bill', 'vendor_credit')
    and abs(open_amount) <> source_balance_amount
