{%- set sales = {
    'invoice': 1, 'sales_receipt': 1, 'credit_memo': -1, 'refund_receipt': -1,
} -%}
with documents as (

    {% for name, sign in sales.items() %}
        select
            '{{ name }}' as document_type,
            {{ sign }} as sign,
            source_document_id,
            document_number,
            order_reference,
            source_customer_id,
            source_department_id,
            source_class_id,
            currency_code,
            exchange_rate,
            -- The note alone proves nothing: anybody can write it.
            is_voided and coalesce(total_amount, 0) = 0 as is_voided,
            document_date,
            total_amount,
            deleted_at,
            source_updated_at,
            load_number
        from {{ ref('stg_quickbooks__' ~ name ~ 's') }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

taxes as (

    select
        document_type,
        source_document_id,
        sum(tax_amount) as tax_amount
    from {{ ref('stg_quickbooks__tax_lines') }}
    group by document_type, source_document_id

),

departments as (

    select * from {{ ref('stg_quickbooks__departments') }}

),

classes as (

    select * from {{ ref('stg_quickbooks__classes') }}

)

select
    documents.*,
    {{ dbt.concat(["documents.document_type", "' '", "documents.source_document_id"]) }}
        as source_order_id,
    {{ customer_record_id('quickbooks', 'documents.source_customer_id') }} as customer_record_id,
    coalesce(taxes.tax_amount, 0) as tax_amount,
    departments.department_name,
    classes.class_name
from documents
left join taxes
    on
        documents.document_type = taxes.document_type
        and documents.source_document_id = taxes.source_document_id
left join departments on documents.source_department_id = departments.source_department_id
left join classes on documents.source_class_id = classes.source_class_id
