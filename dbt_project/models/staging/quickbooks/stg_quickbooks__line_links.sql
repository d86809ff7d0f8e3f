{%- for document in quickbooks_documents() %}
    select
        '{{ document.name }}' as document_type,
        {{ document.name }}_id as source_document_id,
        line_position,
        linked_txn_position as link_position,
        txn_id as linked_document_id,
        txn_type as linked_document_type
    from {{ source('raw_quickbooks', document.table ~ '__line__linked_txn') }}
    where _is_emptied is null
    {%- if not loop.last %}
        union all
    {%- endif %}
{%- endfor %}
