{# QuickBooks' documents are of thirteen types with the same fields for what they have in common. #}
{% macro quickbooks_documents() -%}
    {%- set documents = [] -%}
    {%- for name in (
        'bill', 'bill_payment', 'credit_card_payment', 'credit_memo', 'deposit', 'invoice',
        'journal_entry', 'payment', 'purchase', 'refund_receipt', 'sales_receipt', 'transfer',
        'vendor_credit',
    ) -%}
        {%- do documents.append({
            'name': name,
            'table': 'journal_entries' if name == 'journal_entry' else name ~ 's',
        }) -%}
    {%- endfor -%}
    {%- do return(documents) -%}
{%- endmacro %}

{% macro quickbooks_document_columns() -%}
    id as source_document_id,
    doc_number as document_number,
    private_note_reference as order_reference,
    department_ref_value as source_department_id,
    currency_ref_value as currency_code,
    exchange_rate,
    is_voided,
    txn_date as document_date,
    _deleted_at as deleted_at,
    greatest(_loaded_at, coalesce(_deleted_at, _loaded_at)) as loaded_at
{%- endmacro %}

{# A line has one detail, whose type decides where its account, item and class stand. #}
{% macro quickbooks_line_columns() -%}
    detail_type,
    description_reference as order_reference,
    coalesce(
        sales_item_line_detail_item_ref_value, item_based_expense_line_detail_item_ref_value
    ) as source_item_id,
    coalesce(
        sales_item_line_detail_item_account_ref_value,
        item_based_expense_line_detail_item_account_ref_value,
        account_based_expense_line_detail_account_ref_value,
        journal_entry_line_detail_account_ref_value,
        deposit_line_detail_account_ref_value,
        discount_line_detail_discount_account_ref_value
    ) as source_account_id,
    coalesce(
        sales_item_line_detail_class_ref_value,
        item_based_expense_line_detail_class_ref_value,
        account_based_expense_line_detail_class_ref_value,
        journal_entry_line_detail_class_ref_value,
        deposit_line_detail_class_ref_value,
        discount_line_detail_class_ref_value
    ) as source_class_id,
    journal_entry_line_detail_department_ref_value as source_department_id,
    lower(coalesce(
        journal_entry_line_detail_entity_type, deposit_line_detail_entity_type
    )) as entity_type,
    coalesce(
        journal_entry_line_detail_entity_entity_ref_value, deposit_line_detail_entity_value
    ) as source_entity_id,
    lower(journal_entry_line_detail_posting_type) as posting_type,
    coalesce(sales_item_line_detail_qty, item_based_expense_line_detail_qty) as quantity,
    amount as line_amount
{%- endmacro %}
