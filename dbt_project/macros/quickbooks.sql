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
    greatest(
        meta_data_last_updated_time, coalesce(_deleted_at, meta_data_last_updated_time)
    ) as source_updated_at,
    _load_number as load_number
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

{# What one entry of a document is called inside it: `line 3`, or `line 3.1` inside a bundle. #}
{% macro quickbooks_line_name() -%}
    {%- set string = dbt.type_string() -%}
    {{ dbt.concat([
        "'line '", "cast(lines.line_position as " ~ string ~ ")",
        "coalesce(" ~ dbt.concat(["'.'", "cast(lines.bundle_position as " ~ string ~ ")"]) ~ ", '')"
    ]) }}
{%- endmacro %}

{% macro account_key(source_account_id) -%}
    {{ surrogate_key(["'quickbooks'", source_account_id]) }}
{%- endmacro %}

{% macro ledger_document_key(document_type, source_document_id) -%}
    {{ surrogate_key(["'quickbooks'", document_type, source_document_id]) }}
{%- endmacro %}

{# What is open per customer or vendor and currency, by the days since it was due. Amounts are in
the home currency at the rate of each document, positive where somebody owes. #}
{% macro open_items_by_age(item_type, party) -%}
with open_items as (

    select
        *,
        round(
            open_amount * exchange_rate{{ ' * -1' if item_type == 'payable' }}, 2
        ) as home_open_amount
    from {{ ref('int_quickbooks_open_items') }}
    where item_type = '{{ item_type }}' and open_amount <> 0

),

company as (

    select * from {{ ref('int_quickbooks_company') }}

),

present as (

    select coalesce({{ as_of_date() }}, max(document_date)) as as_of_date
    from open_items

),

aged as (

    select
        open_items.*,
        present.as_of_date,
        {{ dbt.datediff('open_items.due_date', 'present.as_of_date', 'day') }} as overdue_days
    from open_items
    cross join present

)

select
    coalesce(aged.{{ party }}, 'unknown') as {{ party }},
    aged.currency_code,
    max(aged.as_of_date) as as_of_date,
    count(*) as documents_count,
    min(aged.due_date) as oldest_due_date,
    cast(sum(aged.open_amount){{ ' * -1' if item_type == 'payable' }} as {{ dbt.type_numeric() }})
        as document_open_amount,
    cast(sum(aged.home_open_amount) as {{ dbt.type_numeric() }}) as open_amount,
    {%- for name, condition in (
        ('current', 'aged.overdue_days <= 0'),
        ('overdue_1_30', 'aged.overdue_days between 1 and 30'),
        ('overdue_31_60', 'aged.overdue_days between 31 and 60'),
        ('overdue_61_90', 'aged.overdue_days between 61 and 90'),
        ('overdue_over_90', 'aged.overdue_days > 90'),
    ) %}
    cast(sum(case when {{ condition }} then aged.home_open_amount else 0 end)
        as {{ dbt.type_numeric() }}) as {{ name }}_amount,
    {%- endfor %}
    max(company.home_currency_code) as home_currency_code,
    max(aged.load_number) as load_number
from aged
cross join company
group by coalesce(aged.{{ party }}, 'unknown'), aged.currency_code
{%- endmacro %}
