with days as (

    select
        sales_days.sale_date,
        locations.location_name,
        sales_days.gross_amount,
        sales_days.load_number
    from {{ ref('stg_square__sales_days') }} as sales_days
    inner join {{ ref('stg_square__locations') }} as locations
        on sales_days.source_location_id = locations.source_location_id
    where sales_days.gross_amount > 0

),

documents as (

    select
        'journal_entry' as document_type,
        source_document_id,
        source_department_id,
        document_date,
        load_number
    from {{ ref('stg_quickbooks__journal_entries') }}
    where deleted_at is null
    union all
    select
        document_type,
        source_document_id,
        source_department_id,
        document_date,
        load_number
    from {{ ref('int_quickbooks_sales') }}
    where document_type = 'sales_receipt' and deleted_at is null

),

lines as (

    select
        documents.document_type,
        documents.source_document_id,
        documents.document_date,
        documents.load_number,
        departments.department_name,
        document_lines.line_amount
    from documents
    inner join {{ ref('stg_quickbooks__lines') }} as document_lines
        on
            documents.document_type = document_lines.document_type
            and documents.source_document_id = document_lines.source_document_id
    inner join {{ ref('stg_quickbooks__departments') }} as departments
        on
            coalesce(document_lines.source_department_id, documents.source_department_id)
            = departments.source_department_id
    where document_lines.detail_type <> 'SubTotalLineDetail'

)

-- A summary of a day has a line with the day's gross sales of its location.
select
    {{ dbt.concat(["lines.document_type", "' '", "lines.source_document_id"]) }} as source_order_id,
    days.sale_date,
    days.location_name,
    max(greatest(lines.load_number, days.load_number)) as load_number
from lines
inner join days
    on
        lines.document_date = days.sale_date
        and lines.department_name = days.location_name
        and lines.line_amount = days.gross_amount
group by lines.document_type, lines.source_document_id, days.sale_date, days.location_name
