{# A setting from business.toml as an uncorrelated subquery, which the database evaluates once per
query. Settings are rows, not variables, so that the code of a model is the same for every business. #}
{% macro business_setting(name) -%}
    (select {{ name }} from {{ ref('stg_settings__business') }})
{%- endmacro %}

{# Today's date (`today_date`), or the date to report as of (`as_of_date`, null for none). #}
{% macro clock_setting(name) -%}
    (select {{ name }} from {{ ref('stg_settings__clock') }})
{%- endmacro %}

{# The hour of the day in which the models are built, by the clock of the business. #}
{% macro hour_setting() -%}
    (select current_hour from {{ ref('stg_settings__hour') }})
{%- endmacro %}
