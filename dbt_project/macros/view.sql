{# A view is replaced where it stands. dbt's own way (a new view beside the old one, then a swap and
`drop ... cascade`) takes every view above away as well: until those are built again nobody can read
them, and two threads that drop each other's views end in a deadlock. Only a view that lost or
changed a column has to be dropped. #}
{% materialization view, adapter='postgres' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set built = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing is not none and not existing.is_view -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- set create = get_create_view_as_sql(built, limited_to_own_locations(sql)) | trim | trim(';') -%}
    {%- if is_limited_to_own_locations() -%}
        {# Else an error in a caller's condition could tell of rows that he may not see. #}
        {%- set create = create | replace(built ~ '', built ~ ' with (security_barrier)', 1) -%}
    {%- endif -%}
    {% call statement('main') -%}
    do $replace$
    begin
        execute $view${{ create | replace('create view', 'create or replace view', 1) }}$view$;
    exception
        when invalid_table_definition then
            drop view {{ built }} cascade;
            execute $view${{ create }}$view$;
    end
    $replace$
    {%- endcall %}
    {%- do apply_grants(built, config.get('grants'), should_revoke=False) -%}
    {%- do persist_docs(built, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [built]}) }}
{%- endmaterialization %}
