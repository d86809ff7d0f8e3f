{# A freshly filled table has no statistics yet, and the next incremental build would be planned
blindly: minutes instead of seconds on a million lines. #}
{% macro refresh_statistics() -%}
    {%- if target.type == 'postgres' and model.config.materialized in ('table', 'incremental') -%}
    analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
