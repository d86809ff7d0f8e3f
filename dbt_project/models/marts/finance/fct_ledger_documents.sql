with documents as (

    select * from {{ ref('int_quickbooks_documents') }}

),

entries as (

    select
        document_type,
        source_document_id,
        count(*) as entries_count,
        sum(case when home_amount > 0 then home_amount else 0 end) as debit_amount
    from {{ ref('int_quickbooks_accrual_entries') }}
    group by document_type, source_document_id

)

select
    {{ ledger_document_key('documents.document_type', 'documents.source_document_id') }}
        as document_key,
    documents.document_type,
    documents.source_document_id as source_record_id,
    documents.document_number,
    documents.order_reference,
    documents.source_customer_id,
    documents.source_vendor_id,
    documents.document_date,
    documents.due_date,
    documents.currency_code,
    cast(documents.exchange_rate as {{ dbt.type_numeric() }}) as exchange_rate,
    cast(documents.total_amount as {{ dbt.type_numeric() }}) as total_amount,
    cast(coalesce(entries.debit_amount, 0) as {{ dbt.type_numeric() }}) as debit_amount,
    coalesce(entries.entries_count, 0) as entries_count,
    documents.exclusion_reason,
    documents.is_counted,
    documents.source_updated_at,
    documents.load_number
from documents
left join entries
    on
        documents.document_type = entries.document_type
        and documents.source_document_id = entries.source_document_id
