with lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where document_type in ('payment', 'bill_payment') and bundle_position is null

),

links as (

    select * from {{ ref('stg_quickbooks__line_links') }}
    where document_type in ('payment', 'bill_payment')

),

documents as (

    select * from {{ ref('int_quickbooks_documents') }}
    where is_counted

),

settlements as (

    select
        settling.document_type as settling_document_type,
        settling.source_document_id as settling_document_id,
        settled.document_type as settled_document_type,
        settled.source_document_id as settled_document_id,
        max(settled.total_amount) as settled_total_amount,
        max(settling.document_date) as settlement_date,
        max(greatest(settling.load_number, settled.load_number)) as load_number,
        cast(sum(lines.line_amount) as {{ dbt.type_numeric() }}) as applied_amount
    from lines
    inner join links
        on
            lines.document_type = links.document_type
            and lines.source_document_id = links.source_document_id
            and lines.line_position = links.line_position
    inner join documents as settling
        on
            lines.document_type = settling.document_type
            and lines.source_document_id = settling.source_document_id
    inner join documents as settled on links.linked_document_id = settled.source_document_id
    group by 1, 2, 3, 4

)

select
    *,
    cast(sum(applied_amount) over (
        partition by settled_document_id
        order by settlement_date, length(settling_document_id), settling_document_id
        rows between unbounded preceding and current row
    ) as {{ dbt.type_numeric() }}) as applied_until_amount
from settlements
