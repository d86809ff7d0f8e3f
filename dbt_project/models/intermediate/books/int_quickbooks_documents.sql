{#- What the types call the same thing differently; what a type lacks is null. -#}
{%- set sale = ['source_customer_id', 'source_class_id', 'source_account_id', 'total_amount'] -%}
{%- set cost = ['source_vendor_id', 'source_account_id', 'total_amount'] -%}
{%- set types = [
    ('invoices', sale + ['due_date', 'balance_amount'], {
        'other_account_id': 'deposit_account_id', 'other_amount': 'deposit_amount'}),
    ('sales_receipts', sale, {}),
    ('credit_memos', sale + ['balance_amount'], {}),
    ('refund_receipts', sale, {}),
    ('payments', ['source_customer_id', 'source_account_id', 'total_amount'], {
        'other_account_id': 'receivable_account_id'}),
    ('bills', cost + ['due_date', 'balance_amount'], {}),
    ('bill_payments', cost, {'other_account_id': 'payable_account_id'}),
    ('vendor_credits', cost + ['balance_amount'], {}),
    ('purchases', ['source_account_id', 'total_amount', 'is_credit'], {
        'source_customer_id': "case when entity_type = 'customer' then source_entity_id end",
        'source_vendor_id': "case when entity_type = 'vendor' then source_entity_id end"}),
    ('deposits', ['source_account_id', 'total_amount'], {
        'other_account_id': 'cash_back_account_id', 'other_amount': 'cash_back_amount'}),
    ('transfers', ['source_account_id', 'other_account_id', 'source_class_id', 'total_amount'], {}),
    ('credit_card_payments', cost + ['other_account_id'], {}),
    ('journal_entries', ['total_amount'], {}),
] -%}
{%- set columns = {
    'source_customer_id': dbt.type_string(), 'source_vendor_id': dbt.type_string(),
    'source_class_id': dbt.type_string(), 'source_account_id': dbt.type_string(),
    'other_account_id': dbt.type_string(), 'due_date': 'date', 'is_credit': dbt.type_boolean(),
    'total_amount': dbt.type_numeric(), 'balance_amount': dbt.type_numeric(),
    'other_amount': dbt.type_numeric(),
} -%}
with company as (

    select * from {{ ref('int_quickbooks_company') }}

),

told as (

    {% for plural, own, renamed in types %}
        select
            '{{ 'journal_entry' if plural == 'journal_entries' else plural[:-1] }}'
                as document_type,
            source_document_id,
            document_number,
            order_reference,
            source_department_id,
            currency_code,
            exchange_rate,
            document_date,
            is_voided,
            deleted_at,
            {% for column, type in columns.items() %}
                {% set value = renamed.get(column, column if column in own else 'null') %}
                cast({{ value }} as {{ type }}) as {{ column }},
            {% endfor %}
            source_updated_at,
            load_number
        from {{ ref('stg_quickbooks__' ~ plural) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

judged as (

    select
        told.*,
        -- The note alone proves nothing: anybody can write it.
        case
            when deleted_at is not null then 'deleted'
            when is_voided and coalesce(total_amount, 0) = 0 then 'voided'
        end as exclusion_reason
    from told

)

select
    documents.document_type,
    documents.source_document_id,
    documents.document_number,
    documents.order_reference,
    documents.source_customer_id,
    documents.source_vendor_id,
    documents.source_class_id,
    documents.source_department_id,
    documents.source_account_id,
    documents.other_account_id,
    coalesce(documents.currency_code, company.home_currency_code) as currency_code,
    coalesce(documents.exchange_rate, 1) as exchange_rate,
    coalesce(documents.currency_code, company.home_currency_code)
    <> company.home_currency_code as is_foreign,
    coalesce(documents.is_credit, false) as is_credit,
    documents.total_amount,
    documents.balance_amount,
    coalesce(documents.other_amount, 0) as other_amount,
    documents.exclusion_reason,
    documents.exclusion_reason is null as is_counted,
    documents.document_date,
    coalesce(documents.due_date, documents.document_date) as due_date,
    documents.source_updated_at,
    documents.load_number
from judged as documents
cross join company
