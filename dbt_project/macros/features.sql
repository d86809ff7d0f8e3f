{# The as-of date of all features, as a subquery that is evaluated once; null before the first sale,
so that features are empty. #}
{% macro feature_date() -%}
    (select as_of_date from {{ ref('ftr_as_of') }})
{%- endmacro %}

{# Whether a day is one of the last so many up to and including the as-of date. #}
{% macro in_last_days(day, days) -%}
    (
        {{ day }} > cast({{ dbt.dateadd('day', -days, feature_date()) }} as date)
        and {{ day }} <= {{ feature_date() }}
    )
{%- endmacro %}
