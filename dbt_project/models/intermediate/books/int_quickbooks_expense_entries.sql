with documents as (

    select
        *,
        case when document_type = 'vendor_credit' or is_credit then -1 else 1 end as direction,
        case when document_type = 'purchase' then 'unknown' else 'payable' end as counterpart
    from {{ ref('int_quickbooks_documents') }}
    where document_type in ('bill', 'vendor_credit', 'purchase')

),

lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where detail_type in ('AccountBasedExpenseLineDetail', 'ItemBasedExpenseLineDetail')

),

items as (

    select * from {{ ref('stg_quickbooks__items') }}

),

tax_lines as (

    select * from {{ ref('stg_quickbooks__tax_lines') }}

),

tax_accounts as (

    select * from {{ ref('int_quickbooks_tax_accounts') }}

)

-- Goods of the stock go to their asset account, everything else to an expense.
select
    documents.document_type,
    documents.source_document_id,
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
inner join documents
    on
        lines.document_type = documents.document_type
        and lines.source_document_id = documents.source_document_id
left join items on lines.source_item_id = items.source_item_id
union all
select
    documents.document_type,
    documents.source_document_id,
    {{ dbt.concat(["'tax '", "cast(tax_lines.tax_position as " ~ dbt.type_string() ~ ")"]) }}
        as entry_name,
    tax_accounts.source_account_id,
    cast(null as {{ dbt.type_string() }}) as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(tax_lines.tax_amount * documents.direction as {{ dbt.type_numeric() }}) as amount
from tax_lines
inner join documents
    on
        tax_lines.document_type = documents.document_type
        and tax_lines.source_document_id = documents.source_document_id
left join tax_accounts on tax_lines.source_tax_rate_id = tax_accounts.source_tax_rate_id
union all
select
    document_type,
    source_document_id,
    'total' as entry_name,
    source_account_id,
    counterpart as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(-total_amount * direction as {{ dbt.type_numeric() }}) as amount
from documents
