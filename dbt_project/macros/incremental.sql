{# Rows of a relation whose `loaded_at` is newer than anything this model has seen.

Every incremental model follows one rule: it finds the keys (orders, days, months, customers)
that a newer row touches and rebuilds those keys whole, with delete+insert. `loaded_at` of a
fact is the newest time at which anything it was made from arrived or was superseded, and
superseded rows stay in the ledger with an exclusion reason, so a key never vanishes. #}
{% macro loaded_since_last_build(column='loaded_at') -%}
    {{ column }} > {{ newest_time('select max(loaded_at) from ' ~ this) }}
{%- endmacro %}

{# The result of a query for a time, as a literal: behind a subquery the planner would expect a
third of the table, and read all of it for a handful of changed orders. #}
{% macro newest_time(query) -%}
    {%- set found = run_query('select cast((' ~ query ~ ') as varchar(40))') if execute -%}
    {%- set time = found.columns[0].values()[0] if found else none -%}
    cast('{{ time or "1900-01-01 00:00:00+00" }}' as timestamp with time zone)
{%- endmacro %}

{# Whether a column holds one of a query's values. Few values are named one by one: then the
planner knows how little is to be read, and uses the index. #}
{% macro is_among(column, query, type='text') -%}
    {%- set most = 5000 -%}
    {%- set found = run_query(
        'select distinct cast(changed as ' ~ dbt.type_string() ~ ') from (' ~ query ~ ') as named (changed) '
        ~ 'where changed is not null limit ' ~ (most + 1)
    ).columns[0].values() if execute else [] -%}
    {%- if found | length > most -%}
    {{ column }} in ({{ query }})
    {%- elif found -%}
    {{ column }} in (
        {%- for value in found -%}
        cast('{{ value | replace("'", "''") }}' as {{ type }}){{ ', ' if not loop.last }}
        {%- endfor -%}
    )
    {%- else -%}
    1 = 0
    {%- endif -%}
{%- endmacro %}

{# The days that a newer line of the ledger touches. #}
{% macro on_a_changed_day() -%}
    {{ is_among(
        'sale_date',
        'select sale_date from ' ~ ref('fct_sale_lines') ~ ' where ' ~ loaded_since_last_build(),
        type='date'
    ) }}
{%- endmacro %}

{# A record that turned out to be somebody known is no customer of its own any more. #}
{% macro forget_merged_customers() -%}
    delete from {{ this }}
    where customer_key in (
        select {{ customer_key('customer_record_id') }}
        from {{ ref('stg_ml__customer_identities') }}
        where person_record_id <> customer_record_id
    )
{%- endmacro %}

{# A return whose sale becomes known later moves to the order of that sale; what an earlier build
kept under the return's own id would count it twice. #}
{% macro forget_returns_with_a_known_sale() -%}
    delete from {{ this }}
    where
        source_system = 'square'
        and source_order_id in (
            select source_order_id from {{ ref('int_square_orders') }}
            where has_return and sold_in_order_id <> source_order_id
        )
{%- endmacro %}
