{# What location managers may read of a mart, by `location_managers` in the `meta` of its YAML:

- `own_locations`: the rows of their locations, by the column `location_name`
- `everything`: all rows
- a list of columns: these of all rows
- `nothing`

PostgreSQL enforces it, from the transaction on in which the mart is built: no table can be read
without its policies. They name schema `access` only, which no build drops and only the
administrator writes. Without policies nobody but the owner reads a table. A database without that
group is nobody's dashboard: there is nothing to grant. #}
{% macro let_managers_read() -%}
    {%- set rights = managers_rights_on(this) if execute and target.type == 'postgres' -%}
    {%- if rights -%}
    {%- set decision = managers_decision() -%}
    {%- set rules -%}
    {%- if model.config.materialized != 'view' %}
    drop policy if exists every_location on {{ this }};
    drop policy if exists own_locations on {{ this }};
    {%- if decision == 'own_locations' %}
    alter table {{ this }} enable row level security;
    create policy every_location on {{ this }} for select
    to {{ readers_of_every_location() }} using (true);
    create policy own_locations on {{ this }} for select
    to {{ managers_group() }} using ({{ is_own_location() }});
    {%- else %}
    alter table {{ this }} disable row level security;
    {%- endif -%}
    {%- endif -%}
    {%- endset -%}
    {%- set mark = local_md5(rules) if decision == 'own_locations' and rules else '' -%}
    {%- set granted = decision | sort | join(', ') if decision is not string
        else '' if decision == 'nothing' else 'whole' -%}
    {%- if rights != [mark, granted] -%}
    {{ rules }}
    {%- if mark %}
    comment on policy own_locations on {{ this }} is '{{ mark }}';
    {%- endif %}
    revoke all on {{ this }} from {{ managers_group() }};
    {%- if granted %}
    grant select {{ '(' ~ granted ~ ')' if granted != 'whole' }} on {{ this }} to {{ managers_group() }};
    {%- endif -%}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# A policy does not reach through a view, so the view carries the condition itself. #}
{% macro limited_to_own_locations(sql) -%}
    {%- if is_limited_to_own_locations() -%}
    select * from (
        {{ sql }}
    ) as mart
    where (select access.reads_every_location()) or {{ is_own_location() }}
    {%- else -%}
    {{ sql }}
    {%- endif -%}
{%- endmacro %}

{% macro managers_decision() -%}
    {%- do return(model.config.get('meta', {}).get('location_managers', 'nothing')) -%}
{%- endmacro %}

{% macro is_limited_to_own_locations() -%}
    {%- do return(managers_decision() == 'own_locations' and run_query(
        "select 1 from pg_roles where rolname = '" ~ managers_group_name() ~ "'"
    ).rows | length > 0) -%}
{%- endmacro %}

{% macro is_own_location() -%}
    location_name in (select location_name from access.my_locations)
{%- endmacro %}

{% macro managers_group_name() -%}
    {%- do return(target.dbname ~ '_location_manager') -%}
{%- endmacro %}

{% macro managers_group() -%}
    {{ adapter.quote(managers_group_name()) }}
{%- endmacro %}

{# Whom the default privileges of the schema let read a mart. #}
{% macro readers_of_every_location() -%}
    {%- set found = run_query(
        "select distinct rights.grantee::regrole::text from pg_class, aclexplode(relacl) as rights "
        ~ "where pg_class.oid = '" ~ this ~ "'::regclass and rights.privilege_type = 'SELECT' "
        ~ "and rights.grantee not in (relowner, '" ~ managers_group() ~ "'::regrole) order by 1"
    ).columns[0].values() -%}
    {{ found | join(', ') or 'current_user' }}
{%- endmacro %}

{# The mark of a relation's policy for managers, and what of it they have been granted; none where
the database has no such group. #}
{% macro managers_rights_on(relation) -%}
    {%- set found = run_query(
        "select "
        ~ "coalesce((select obj_description(oid, 'pg_policy') from pg_policy "
        ~ "where polrelid = pg_class.oid and polname = 'own_locations'), ''), "
        ~ "case when exists (select from aclexplode(relacl) where grantee = managers.oid) then 'whole' "
        ~ "else coalesce((select string_agg(attname, ', ' order by attname) from pg_attribute "
        ~ "where attrelid = pg_class.oid and exists "
        ~ "(select from aclexplode(attacl) where grantee = managers.oid)), '') end "
        ~ "from pg_class inner join pg_roles as managers on rolname = '" ~ managers_group_name() ~ "' "
        ~ "where pg_class.oid = '" ~ relation ~ "'::regclass"
    ) -%}
    {%- do return(found.rows[0].values() | list if found.rows else none) -%}
{%- endmacro %}
