with documents as (

    select * from {{ source('raw_quickbooks', 'journal_entries') }}

)

select
    {{ quickbooks_document_columns() }},
    coalesce(adjustment, false) as is_adjustment,
    total_amt as total_amount
from documents
