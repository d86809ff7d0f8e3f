{%- for document in quickbooks_documents() %}
    select
        '{{ document.name }}' as document_type,
        {{ document.name }}_id as source_document_id,
        txn_tax_detail_tax_line_position as tax_position,
        tax_line_detail_tax_rate_ref_value as source_tax_rate_id,
        amount as tax_amount,
        tax_line_detail_net_amount_taxable as taxable_amount
    from {{ source('raw_quickbooks', document.table ~ '__txn_tax_detail__tax_line') }}
    where _is_emptied is null
    {%- if not loop.last %}
        union all
    {%- endif %}
{%- endfor %}
