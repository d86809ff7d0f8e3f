{# Every incremental model follows one rule: it finds the keys (orders, days, months, customers) that
a newer row touches and rebuilds those keys whole. `load_number` of a fact is that of the newest load
by which anything it was made from arrived or was superseded. Loads are numbered by the database:
clocks are put back, and computers sleep.

What a changed order no longer has (a day, a customer, itself) leaves no row behind that could be
newer. fct_sale_lines therefore writes down which keys its orders have left. Both are in
fct_sale_changes, which the models after it read. #}

{# Rows of a relation that are newer than anything this model has seen. #}
{% macro loaded_since_last_build(column='load_number') -%}
    {{ column }} > {{ newest_number('select max(load_number) from ' ~ this) }}
{%- endmacro %}

{# The result of a query for a number, as a literal: it must not move when `delete_changed` takes rows
away, and behind a subquery the planner of a join would expect a third of the table. #}
{% macro newest_number(query) -%}
    {%- set found = run_query('select cast((' ~ query ~ ') as varchar(40))') if execute -%}
    {%- set number = found.columns[0].values()[0] if found else none -%}
    {{ number if number is not none else -1 }}
{%- endmacro %}

{# Loads draw their numbers from this sequence. A database that something else than the hub loads has
none yet: it starts after the numbers that its rows bear. #}
{% macro ensure_load_numbers() -%}
    {%- if execute and target.type == 'postgres' and flags.WHICH in ('build', 'run', 'test')
        and not run_query("select to_regclass('quality.load_numbers')").columns[0].values()[0] %}
    create sequence quality.load_numbers;
    select setval('quality.load_numbers', 1 + coalesce(max(load_number), 0))
    from {{ source('quality', 'load_log') }}
    {%- endif -%}
{%- endmacro %}

{# A number of its own, later than every load, for what changes although no load brought it. #}
{% macro next_load_number() -%}
    {%- set drawn = run_query("select nextval('quality.load_numbers')")
        if execute and flags.WHICH in ('build', 'run') -%}
    cast({{ drawn.columns[0].values()[0] if drawn else 0 }} as {{ dbt.type_bigint() }})
{%- endmacro %}

{# Whether a column holds one of a query's values. Few values are named one by one: then the
planner knows how little is to be read, and uses the index. #}
{% macro is_among(column, query) -%}
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
        '{{ value | replace("'", "''") }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
    {%- else -%}
    1 = 0
    {%- endif -%}
{%- endmacro %}

{# Before the changed keys are built again: one whose orders have all left it, or are not counted any
more, gets no new row that would replace its old ones. #}
{% macro delete_changed(column) -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where {{ column }} in (
        select {{ column }} from {{ ref('fct_sale_changes') }}
        where {{ loaded_since_last_build() }}
    )
    {%- endif -%}
{%- endmacro %}

{% macro ledger_departures() -%}
    {%- do return(api.Relation.create(
        database=target.database, schema='intermediate', identifier='ledger_departures'
    )) -%}
{%- endmacro %}

{% macro create_ledger_departures() -%}
    {%- if flags.WHICH in ('build', 'run', 'test') -%}
    create table if not exists {{ ledger_departures() }} (
        order_key text, customer_key text, sale_date date, order_date date,
        left_number bigint
    )
    {%- endif -%}
{%- endmacro %}

{# The orders that fct_sale_lines builds anew: those that changed themselves, and those of which it
holds a line whose cost, customer or rate of exchange did. #}
{% macro changed_sale_orders() -%}
    select source_order_id from {{ ref('int_changed_orders') }}
    where {{ loaded_since_last_build() }}
    union
    select source_order_id from {{ this }}
    where product_key in (
        select product_key from {{ ref('int_product_costs') }}
        where {{ loaded_since_last_build() }}
    )
    union
    select source_order_id from {{ this }}
    where customer_record_id in (
        select customer_record_id from {{ ref('stg_ml__customer_identities') }}
        where {{ loaded_since_last_build('changed_number') }}
    )
    union
    select lines.source_order_id
    from {{ this }} as lines
    left join {{ ref('int_exchange_rates') }} as rates
        on
            lines.shop_currency_code = rates.currency_code
            and lines.sale_date = rates.rate_date
    where
        {{ is_among(
            'lines.shop_currency_code', 'select currency_code from ' ~ ref('int_exchange_rates')
        ) }}
        and (
            coalesce(lines.exchange_rate, 0) <> coalesce(rates.exchange_rate, 0)
            or {{ loaded_since_last_build('rates.load_number') }}
        )
{%- endmacro %}

{# The incremental strategy of fct_sale_lines: changed orders are replaced whole, also those that
have no line any more, and the keys that they leave are written down. #}
{% macro get_incremental_rebuild_orders_sql(arg_dict) -%}
    {%- set built = arg_dict['target_relation'] -%}
    {%- set rebuilt = arg_dict['temp_relation'] -%}
    {%- set keys = 'order_key, customer_key, sale_date, order_date' -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- set is_replaced = is_among('source_order_id', changed_sale_orders()) -%}
    insert into {{ ledger_departures() }} ({{ keys }}, left_number)
    select {{ keys }}, {{ next_load_number() }}
    from (
        select {{ keys }} from {{ built }} where {{ is_replaced }}
        except
        select {{ keys }} from {{ rebuilt }}
    ) as departed;
    delete from {{ built }} where {{ is_replaced }};
    insert into {{ built }} ({{ columns }}) select {{ columns }} from {{ rebuilt }}
{%- endmacro %}

{# Customers of whom no record is left: theirs turned out to be somebody else's, or a guest's order
has another customer now. #}
{% macro forget_missing_customers() -%}
    delete from {{ this }}
    where not exists (
        select 1
        from {{ ref('int_customers') }} as customers
        where customers.customer_key = {{ this.identifier }}.customer_key
    )
{%- endmacro %}
