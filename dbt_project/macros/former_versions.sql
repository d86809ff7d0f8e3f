{# What is never built anew remembers by numbers of loads since there are any, and by times before:
its rows of then come before every number. Views over the times are built again by the same run. #}
{% macro number_former_rows() -%}
    {%- if execute and target.type == 'postgres' and flags.WHICH in ('build', 'run', 'test', 'snapshot') -%}
    {%- set former = run_query("
        select table_schema || '.' || table_name, column_name
        from information_schema.columns
        where (table_schema, table_name, column_name) in (
            ('intermediate', 'int_sale_matches', 'changed_at'),
            ('intermediate', 'int_product_identities', 'changed_at'),
            ('intermediate', 'int_shopify_inventory_levels', 'loaded_at'),
            ('intermediate', 'ledger_departures', 'left_at'),
            ('intermediate', 'checked_loads', 'loaded_at'),
            ('marts', 'fct_order_fees', 'changed_at')
        )
    ") -%}
    {%- for table, time in former.rows %}
    {%- set number = time | replace('loaded_at', 'load_number') | replace('_at', '_number') %}
    alter table {{ table }} add column {{ number }} bigint not null default 0;
    alter table {{ table }} alter column {{ number }} drop default;
    alter table {{ table }} drop column {{ time }} cascade;
    {%- endfor %}
    alter table if exists intermediate.unit_costs_history
        add column if not exists load_number bigint not null default 0
    {%- endif -%}
{%- endmacro %}
