{# Data tests of the large facts read only rows that no build has passed yet.

`checked_loads` remembers, per table, the `load_number` up to which every such test has passed. It
moves on only after a build in which the table was built and all of these tests passed, so what
failed is tested again until it is mended. A table built anew is another table (another oid), and
is tested whole. Elsewhere than on PostgreSQL everything is tested in every build. #}

{% macro checked_loads() -%}
    {%- do return(api.Relation.create(
        database=target.database, schema='intermediate', identifier='checked_loads'
    )) -%}
{%- endmacro %}

{% macro create_checked_loads() -%}
    {%- if target.type == 'postgres' and flags.WHICH in ('build', 'run', 'test') -%}
    create table if not exists {{ checked_loads() }} (
        table_oid oid primary key,
        table_name text not null,
        load_number bigint not null
    )
    {%- endif -%}
{%- endmacro %}

{% macro unchecked_only(relation) -%}
    {%- if load_relation(checked_loads()) -%}
    load_number > {{ newest_number(
        'select load_number from ' ~ checked_loads()
        ~ " where table_oid = cast('" ~ relation ~ "' as regclass)"
    ) }}
    {%- else -%}
    1 = 1
    {%- endif -%}
{%- endmacro %}

{% macro remember_checked_loads(results) -%}
    {%- set fine = [] -%}
    {%- for result in results if result.status in ('success', 'pass') -%}
        {%- do fine.append(result.node.unique_id) -%}
    {%- endfor -%}
    {%- if execute and target.type == 'postgres' and flags.WHICH == 'build' -%}
    {%- for model in graph.nodes.values() if model.unique_id in fine and model.name in
        ('fct_sale_lines', 'fct_orders', 'fct_order_margins') -%}
        {%- set lacking = [] -%}
        {%- for test in graph.nodes.values() if test.resource_type == 'test'
            and model.unique_id in test.depends_on.nodes and test.unique_id not in fine
            and ('__unchecked__' in (test.config.where or '')
                 or 'unchecked_only' in test.raw_code) -%}
            {%- do lacking.append(test.name) -%}
        {%- endfor -%}
        {%- if not lacking %}
    insert into {{ checked_loads() }} (table_oid, table_name, load_number)
    select cast('{{ model.relation_name }}' as regclass), '{{ model.name }}', max(load_number)
    from {{ model.relation_name }}
    having max(load_number) is not null
    on conflict (table_oid) do update set load_number = excluded.load_number;
    delete from {{ checked_loads() }}
    where
        table_name = '{{ model.name }}'
        and table_oid <> cast('{{ model.relation_name }}' as regclass);
        {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
