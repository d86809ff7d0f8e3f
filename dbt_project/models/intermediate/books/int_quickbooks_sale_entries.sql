with documents as (

    select
        *,
        case
            when document_type in ('credit_memo', 'refund_receipt') then -1
            else 1
        end as direction,
        -- Where the total goes when the document names no account.
        case
            when document_type in ('invoice', 'credit_memo') then 'receivable'
            else 'undeposited_funds'
        end as counterpart
    from {{ ref('int_quickbooks_documents') }}
    where document_type in ('invoice', 'sales_receipt', 'credit_memo', 'refund_receipt')

),

lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    -- A subtotal repeats its lines, a bundle's own line repeats what is in it.
    where detail_type in ('SalesItemLineDetail', 'DiscountLineDetail')

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

select
    documents.document_type,
    documents.source_document_id,
    {{ quickbooks_line_name() }} as entry_name,
    coalesce(lines.source_account_id, items.income_account_id) as source_account_id,
    cast(null as {{ dbt.type_string() }}) as account_role,
    lines.source_item_id,
    lines.source_class_id,
    -- A discount comes as a positive amount.
    cast(case
        when lines.detail_type = 'DiscountLineDetail' then lines.line_amount
        else -lines.line_amount
    end * documents.direction as {{ dbt.type_numeric() }}) as amount
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
    cast(-tax_lines.tax_amount * documents.direction as {{ dbt.type_numeric() }}) as amount
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
    cast((total_amount - other_amount) * direction as {{ dbt.type_numeric() }}) as amount
from documents
union all
-- What was paid with an invoice itself.
select
    document_type,
    source_document_id,
    'deposit' as entry_name,
    other_account_id as source_account_id,
    'undeposited_funds' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(other_amount * direction as {{ dbt.type_numeric() }}) as amount
from documents
where other_amount <> 0
