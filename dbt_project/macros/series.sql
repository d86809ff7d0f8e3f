{# Series of the models are named level:name; total has no name. #}
{% macro series_level(series_key) -%}
    case
        when {{ series_key }} = 'total' then 'total'
        else {{ dbt.split_part(series_key, "':'", 1) }}
    end
{%- endmacro %}

{% macro series_name(series_key) -%}
    case
        when {{ series_key }} = 'total' then 'The whole business'
        else substring({{ series_key }} from {{ dbt.position("':'", series_key) }} + 1)
    end
{%- endmacro %}
