{{ config(materialized='table') }}
with entries as (

    {% for kind in (
        'sale_entries', 'expense_entries', 'transfer_entries', 'deposit_entries', 'journal_entries'
    ) %}
        {% set is_journal = kind == 'journal_entries' %}
        select
            document_type,
            source_document_id,
            entry_name,
            source_account_id,
            account_role,
            source_item_id,
            source_class_id,
            {% for column in ('source_department_id', 'source_customer_id', 'source_vendor_id') %}
                {{ column if is_journal else 'cast(null as ' ~ dbt.type_string() ~ ')' }}
                    as {{ column }},
            {% endfor %}
            amount
        from {{ ref('int_quickbooks_' ~ kind) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

documents as (

    select * from {{ ref('int_quickbooks_documents') }}
    where is_counted

),

default_accounts as (

    select * from {{ ref('int_quickbooks_default_accounts') }}

)

select
    entries.document_type,
    entries.source_document_id,
    entries.entry_name,
    coalesce(entries.source_account_id, default_accounts.source_account_id, 'unknown')
        as source_account_id,
    entries.source_item_id,
    coalesce(entries.source_class_id, documents.source_class_id) as source_class_id,
    coalesce(entries.source_department_id, documents.source_department_id)
        as source_department_id,
    coalesce(entries.source_customer_id, documents.source_customer_id) as source_customer_id,
    coalesce(entries.source_vendor_id, documents.source_vendor_id) as source_vendor_id,
    documents.currency_code,
    documents.exchange_rate,
    documents.is_foreign,
    entries.amount,
    cast(round(entries.amount * documents.exchange_rate, 2) as {{ dbt.type_numeric() }})
        as home_amount,
    documents.document_date as entry_date,
    documents.load_number
from entries
inner join documents
    on
        entries.document_type = documents.document_type
        and entries.source_document_id = documents.source_document_id
left join default_accounts
    on
        entries.account_role = default_accounts.account_role
        and documents.currency_code
        = coalesce(default_accounts.currency_code, documents.currency_code)
where entries.amount <> 0
