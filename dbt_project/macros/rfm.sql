{# Score 1 to 5 from a rank between 0 and 1. #}
{% macro quintile(percent_rank) -%}
    least(cast(floor({{ percent_rank }} * 5) as {{ dbt.type_int() }}) + 1, 5)
{%- endmacro %}

{% macro in_threshold(alias, measure, amount) -%}
    {{ alias }}.measure = '{{ measure }}'
    and ({{ alias }}.lower_bound is null or {{ amount }} >= {{ alias }}.lower_bound)
    and ({{ alias }}.upper_bound is null or {{ amount }} < {{ alias }}.upper_bound)
{%- endmacro %}
