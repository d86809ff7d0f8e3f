with lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where
        document_type = 'journal_entry'
        and detail_type = 'JournalEntryLineDetail'

)

select
    document_type,
    source_document_id,
    {{ quickbooks_line_name() }} as entry_name,
    source_account_id,
    'unknown' as account_role,
    cast(null as {{ dbt.type_string() }}) as source_item_id,
    source_class_id,
    source_department_id,
    case when entity_type = 'customer' then source_entity_id end as source_customer_id,
    case when entity_type = 'vendor' then source_entity_id end as source_vendor_id,
    cast(case posting_type
        when 'debit' then line_amount
        when 'credit' then -line_amount
    end as {{ dbt.type_numeric() }}) as amount
from lines
