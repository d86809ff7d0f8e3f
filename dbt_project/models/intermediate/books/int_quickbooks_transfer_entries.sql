{#- From which account to which an amount moves, and their roles where the document names none. -#}
{%- set movements = {
    'payment': ('other_account_id', 'source_account_id', 'receivable', 'undeposited_funds'),
    'bill_payment': ('source_account_id', 'other_account_id', 'unknown', 'payable'),
    'transfer': ('source_account_id', 'other_account_id', 'unknown', 'unknown'),
    'credit_card_payment': ('source_account_id', 'other_account_id', 'unknown', 'unknown'),
} -%}
{%- for type, (credited, debited, credit_role, debit_role) in movements.items() -%}
    {%- for side, account, role, sign in (
        ('debit', debited, debit_role, ''), ('credit', credited, credit_role, '-')
    ) %}
        select
            document_type,
            source_document_id,
            '{{ side }}' as entry_name,
            {{ account }} as source_account_id,
            '{{ role }}' as account_role,
            cast(null as {{ dbt.type_string() }}) as source_item_id,
            cast(null as {{ dbt.type_string() }}) as source_class_id,
            cast({{ sign }}total_amount as {{ dbt.type_numeric() }}) as amount
        from {{ ref('int_quickbooks_documents') }}
        where document_type = '{{ type }}'
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
    {%- if not loop.last %}union all{% endif -%}
{%- endfor %}
