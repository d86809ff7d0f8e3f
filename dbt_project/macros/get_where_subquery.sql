{# dbt's own hook for `where` on data tests, with one word added: `__unchecked__` keeps the
rows that no build has passed yet (see checked_loads). Tests that read whole facts would otherwise
cost more than the incremental run they guard. #}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {%- if not where -%}
    {{ relation }}
    {%- else -%}
    (
        select * from {{ relation }}
        where {{ where | replace('__unchecked__', unchecked_only(relation)) }}
    ) as dbt_subquery
    {%- endif -%}
{%- endmacro %}
