{# dbt's own hook for `where` on data tests, with one word added: `__newest_load__` looks at the
rows of the newest load only, unless everything is built anew. Tests that read whole facts would
otherwise cost more than the incremental run they guard. #}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where -%}
    {{ relation }}
    {%- else -%}
    (
        select * from {{ relation }}
        where {{ where | replace('__newest_load__', newest_load_only(relation)) }}
    ) as dbt_subquery
    {%- endif -%}
{%- endmacro %}
