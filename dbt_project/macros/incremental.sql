{# Rows of a relation whose `loaded_at` is newer than anything this model has seen.

Every incremental model follows one rule: it finds the keys (orders, days, months, customers)
that a newer row touches and rebuilds those keys whole, with delete+insert. `loaded_at` of a
fact is the newest time at which anything it was made from arrived or was superseded, and
superseded rows stay in the ledger with an exclusion reason, so a key never vanishes. #}
{% macro loaded_since_last_build(column='loaded_at') -%}
    {{ column }} > (select coalesce(max(loaded_at), cast('1900-01-01' as timestamp)) from {{ this }})
{%- endmacro %}

{# Restricts a data test to the keys of the newest load, unless everything is built anew. #}
{% macro newest_load_only(relation, column='loaded_at') -%}
    {%- if flags.FULL_REFRESH or var('check_everything', false) -%}
    1 = 1
    {%- else -%}
    {{ column }} >= (select max(loaded_at) from {{ relation }})
    {%- endif -%}
{%- endmacro %}

{# The days that a newer line of the ledger touches. #}
{% macro on_a_changed_day() -%}
    sale_date in (
        select sale_date from {{ ref('fct_sale_lines') }}
        where {{ loaded_since_last_build() }}
    )
{%- endmacro %}
