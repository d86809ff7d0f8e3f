with documents as (

    select * from {{ ref('int_quickbooks_documents') }}
    where document_type = 'deposit'

),

-- A line that banks an earlier receipt names no account: it empties the undeposited funds.
lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where document_type = 'deposit'

),

totals as (

    select
        source_document_id,
        sum(line_amount) as lines_amount
    from lines
    group by source_document_id

)

select
    document_type,
    source_document_id,
    {{ quickbooks_line_name() }} as entry_name,
    source_account_id,
    'undeposited_funds' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    source_class_id,
    cast(-line_amount as {{ dbt.type_numeric() }}) as amount
from lines
union all
select
    documents.document_type,
    documents.source_document_id,
    'cash back' as entry_name,
    documents.other_account_id as source_account_id,
    'unknown' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(documents.other_amount as {{ dbt.type_numeric() }}) as amount
from documents
where documents.other_amount <> 0
union all
select
    documents.document_type,
    documents.source_document_id,
    'total' as entry_name,
    documents.source_account_id,
    'unknown' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    cast(null as {{ dbt.type_string() }}) as source_class_id,
    cast(coalesce(totals.lines_amount, 0) - documents.other_amount as {{ dbt.type_numeric() }})
        as amount
from documents
left join totals on documents.source_document_id = totals.source_document_id
