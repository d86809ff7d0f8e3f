{# Whether a model is there to be asked: it is not before the first build, nor in unit tests. #}
{% macro is_built(relation) -%}
    {%- do return(execute and relation.schema is not none and load_relation(relation) is not none) -%}
{%- endmacro %}

{# Orders that arrived, or changed, after the ledger was built; none before it was built. Say
`depends_on` fct_sale_lines and int_sale_arrivals where you use it. #}
{% macro is_pending(column='source_order_id') -%}
    {%- if is_built(ref('fct_sale_lines')) -%}
    {%- set built_at = newest_number('select max(load_number) from ' ~ ref('fct_sale_lines')) -%}
    {{ is_among(column, 'select source_order_id from ' ~ ref('int_sale_arrivals')
        ~ ' where load_number > ' ~ built_at ~ ' or superseded_number > ' ~ built_at) }}
    {%- else -%}
    1 = 0
    {%- endif -%}
{%- endmacro %}

{# The last day until today on which something was sold, by the ledger. #}
{% macro last_day_of_ledger() -%}
    {%- set found = run_query(
        'select cast(max(sale_date) as varchar(10)) from ' ~ ref('rpt_sales_daily')
        ~ ' where orders_count > 0 and sale_date <= ' ~ clock_setting('today_date')
    ).columns[0].values()[0] if is_built(ref('rpt_sales_daily')) -%}
    cast('{{ found or "1900-01-01" }}' as date)
{%- endmacro %}

{# The business's own hour of the day, 24 when the day that is shown is over. #}
{% macro hour_of(day) -%}
    {%- set now = local_time(dbt.current_timestamp(), business_setting('time_zone')) -%}
    case when {{ day }} < cast({{ now }} as date) then 24 else {{ local_hour(now) }} end
{%- endmacro %}
