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

{# Debits (positive) and credits of what customers bought or gave back, in the document's currency.

`direction` is 1 where customers buy and -1 where they get money back; `counterpart` is the role
of the account that the total goes to where the document does not name one. #}
{% macro quickbooks_sale_entries(document_type, direction, counterpart) -%}
with documents as (

    select * from {{ ref('int_quickbooks_documents') }}
    where document_type = '{{ document_type }}'

),

lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where
        document_type = '{{ document_type }}'
        -- A subtotal repeats its lines, a bundle's own line repeats what is in it.
        and detail_type in ('SalesItemLineDetail', 'DiscountLineDetail')

),

items as (

    select * from {{ ref('stg_quickbooks__items') }}

),

tax_lines as (

    select * from {{ ref('stg_quickbooks__tax_lines') }}
    where document_type = '{{ document_type }}'

),

tax_accounts as (

    select * from {{ ref('int_quickbooks_tax_accounts') }}

)

select
    lines.source_document_id,
    {{ quickbooks_line_name() }} as entry_name,
    coalesce(lines.source_account_id, items.income_account_id) as source_account_id,
    cast(null as {{ dbt.type_string() }}) as account_role,
    lines.source_item_id,
    lines.source_class_id,
    -- A discount comes as a positive amount.
    cast(case
        when lines.detail_type = 'DiscountLineDetail' then lines.line_amount
        else -lines.line_amount
    end * {{ direction }} as {{ dbt.type_numeric() }}) as amount
from lines
left join items on lines.source_item_id = items.source_item_id
union all
select
    tax_lines.source_document_id,
    {{ dbt.concat(["'tax '", "cast(tax_lines.tax_position as " ~ dbt.type_string() ~ ")"]) }}
        as entry_name,
    tax_accounts.source_account_id,
    cast(null as {{ dbt.type_string() }}) as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(-tax_lines.tax_amount * {{ direction }} as {{ dbt.type_numeric() }}) as amount
from tax_lines
left join tax_accounts on tax_lines.source_tax_rate_id = tax_accounts.source_tax_rate_id
union all
select
    source_document_id,
    'total' as entry_name,
    source_account_id,
    '{{ counterpart }}' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast((total_amount - other_amount) * {{ direction }} as {{ dbt.type_numeric() }}) as amount
from documents
union all
-- What was paid with an invoice itself.
select
    source_document_id,
    'deposit' as entry_name,
    other_account_id as source_account_id,
    'undeposited_funds' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(other_amount * {{ direction }} as {{ dbt.type_numeric() }}) as amount
from documents
where other_amount <> 0
{%- endmacro %}

{# Debits and credits of what the business bought or gave back: goods of the stock go to their asset
account, everything else to an expense. #}
{% macro quickbooks_expense_entries(document_type, counterpart) -%}
with documents as (

    select
        *,
        case
            when document_type = 'vendor_credit' or is_credit then -1
            else 1
        end as direction
    from {{ ref('int_quickbooks_documents') }}
    where document_type = '{{ document_type }}'

),

lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where
        document_type = '{{ document_type }}'
        and detail_type in ('AccountBasedExpenseLineDetail', 'ItemBasedExpenseLineDetail')

),

items as (

    select * from {{ ref('stg_quickbooks__items') }}

),

tax_lines as (

    select * from {{ ref('stg_quickbooks__tax_lines') }}
    where document_type = '{{ document_type }}'

),

tax_accounts as (

    select * from {{ ref('int_quickbooks_tax_accounts') }}

)

select
    lines.source_document_id,
    {{ quickbooks_line_name() }} as entry_name,
    coalesce(
        lines.source_account_id,
        case when items.item_type = 'Inventory' then items.asset_account_id end,
        items.expense_account_id
    ) as source_account_id,
    cast(null as {{ dbt.type_string() }}) as account_role,
    lines.source_item_id,
    lines.source_class_id,
    cast(lines.line_amount * documents.direction as {{ dbt.type_numeric() }}) as amount
from lines
inner join documents on lines.source_document_id = documents.source_document_id
left join items on lines.source_item_id = items.source_item_id
union all
select
    tax_lines.source_document_id,
    {{ dbt.concat(["'tax '", "cast(tax_lines.tax_position as " ~ dbt.type_string() ~ ")"]) }}
        as entry_name,
    tax_accounts.source_account_id,
    cast(null as {{ dbt.type_string() }}) as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(tax_lines.tax_amount * documents.direction as {{ dbt.type_numeric() }}) as amount
from tax_lines
inner join documents on tax_lines.source_document_id = documents.source_document_id
left join tax_accounts on tax_lines.source_tax_rate_id = tax_accounts.source_tax_rate_id
union all
select
    source_document_id,
    'total' as entry_name,
    source_account_id,
    '{{ counterpart }}' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(-total_amount * direction as {{ dbt.type_numeric() }}) as amount
from documents
{%- endmacro %}

{# An amount that moves from one account to another. #}
{% macro quickbooks_moved_entries(document_type, debited, credited, debit_role, credit_role) -%}
with documents as (

    select * from {{ ref('int_quickbooks_documents') }}
    where document_type = '{{ document_type }}'

)

select
    source_document_id,
    'debit' as entry_name,
    {{ debited }} as source_account_id,
    '{{ debit_role }}' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(total_amount as {{ dbt.type_numeric() }}) as amount
from documents
union all
select
    source_document_id,
    'credit' as entry_name,
    {{ credited }} as source_account_id,
    '{{ credit_role }}' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(-total_amount as {{ dbt.type_numeric() }}) as amount
from documents
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
