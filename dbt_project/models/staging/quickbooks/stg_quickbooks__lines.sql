{%- for document in quickbooks_documents() %}
    select
        '{{ document.name }}' as document_type,
        {{ document.name }}_id as source_document_id,
        line_position,
        cast(null as {{ dbt.type_bigint() }}) as bundle_position,
        {{ quickbooks_line_columns() }}
    from {{ source('raw_quickbooks', document.table ~ '__line') }}
    where _is_emptied is null
    union all
    select
        '{{ document.name }}' as document_type,
        {{ document.name }}_id as source_document_id,
        line_position,
        group_line_detail_line_position as bundle_position,
        {{ quickbooks_line_columns() }}
    from {{ source('raw_quickbooks', document.table ~ '__line__group_line_detail__line') }}
    where _is_emptied is null
    {%- if not loop.last %}
        union all
    {%- endif %}
{%- endfor %}
