{{ config(materialized='table') }}
with documents as (

    select * from {{ ref('int_quickbooks_documents') }}

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

implicit_postings as (

    select * from {{ ref('int_quickbooks_ledger_differences') }}
    where posting_reason <> 'unexplained'

)

select
    document_type,
    source_document_id,
    entry_name,
    source_account_id,
    source_item_id,
    source_class_id,
    source_department_id,
    source_customer_id,
    source_vendor_id,
    currency_code,
    exchange_rate,
    'document' as entry_source,
    cast(null as {{ dbt.type_string() }}) as posting_reason,
    amount,
    home_amount,
    entry_date,
    load_number
from {{ ref('int_quickbooks_document_entries') }}
union all
-- Booked by QuickBooks itself, in the home currency alone.
select
    implicit_postings.document_type,
    implicit_postings.source_document_id,
    {{ dbt.concat(["'implicit '", "implicit_postings.source_account_id"]) }} as entry_name,
    implicit_postings.source_account_id,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    documents.source_class_id,
    documents.source_department_id,
    documents.source_customer_id,
    documents.source_vendor_id,
    company.home_currency_code as currency_code,
    1 as exchange_rate,
    'implicit' as entry_source,
    implicit_postings.posting_reason,
    implicit_postings.difference_amount as amount,
    implicit_postings.difference_amount as home_amount,
    implicit_postings.entry_date,
    implicit_postings.load_number
from implicit_postings
cross join company
left join documents on implicit_postings.source_document_id = documents.source_document_id
