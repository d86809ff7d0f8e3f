{# JSON that a source keeps inside a column: its elements as rows, and texts inside an element. #}
{% macro join_json_elements(column, alias) -%}
    {{ adapter.dispatch('join_json_elements')(column, alias) }}
{%- endmacro %}

{% macro default__join_json_elements(column, alias) -%}
    cross join lateral json_array_elements(cast({{ column }} as json)) as {{ alias }} (element)
{%- endmacro %}

{% macro spark__join_json_elements(column, alias) -%}
    lateral view explode(from_json({{ column }}, 'array<string>')) {{ alias }} as element
{%- endmacro %}

{% macro json_text(column, path) -%}
    {{ adapter.dispatch('json_text')(column, path) }}
{%- endmacro %}

{% macro default__json_text(column, path) -%}
    json_extract_path_text(cast({{ column }} as json), '{{ path | join("', '") }}')
{%- endmacro %}

{% macro spark__json_text(column, path) -%}
    get_json_object({{ column }}, '$.{{ path | join(".") }}')
{%- endmacro %}
