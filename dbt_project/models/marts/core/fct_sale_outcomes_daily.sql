{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='sale_date', on_schema_change='fail',
    pre_hook="{{ delete_changed('sale_date') }}", indexes=[{'columns': ['sale_date']}]
) }}
{%- set charges = ('tip', 'shipping', 'fee', 'service_charge') -%}
with changes as (

    select * from {{ ref('fct_sale_changes') }}

),

lines as (

    select
        sale_lines.*,
        coalesce(exclusion_reason, 'counted') as outcome
    from {{ ref('fct_sale_lines') }} as sale_lines
    {% if is_incremental() %}
    where sale_date in (select sale_date from changes where {{ loaded_since_last_build() }})
    {% endif %}

),

-- An order is left out only when all of its lines are.
orders as (

    select
        sale_date,
        source_system,
        order_key,
        coalesce(max(case when outcome = 'counted' then outcome end), min(outcome)) as outcome
    from lines
    where action_type = 'order'
    group by sale_date, source_system, order_key

),

order_counts as (

    select
        sale_date,
        source_system,
        outcome,
        count(*) as orders_count
    from orders
    group by sale_date, source_system, outcome

),

sums as (

    select
        sale_date,
        source_system,
        outcome,
        sum(case when line_type = 'product' then 1 else 0 end) as lines_count,
        sum(quantity) as units,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(reversal_amount) as reversal_amount,
        sum(net_amount) as net_amount,
        sum(tax_amount) as tax_amount,
        {% for charge in charges %}
            sum(case when line_type = '{{ charge }}' then total_amount - tax_amount else 0 end)
                as {{ charge }}_amount,
        {% endfor %}
        sum(case when line_type in ('tip', 'gift_card') then 0 else total_amount end)
            as total_amount,
        max(load_number) as load_number
    from lines
    group by sale_date, source_system, outcome

)

select
    sums.sale_date,
    sums.source_system,
    sums.outcome,
    sums.lines_count,
    coalesce(order_counts.orders_count, 0) as orders_count,
    {% for measure in (
        'units', 'gross_amount', 'discount_amount', 'reversal_amount', 'net_amount', 'tax_amount',
        'tip_amount', 'shipping_amount', 'fee_amount', 'service_charge_amount', 'total_amount'
    ) %}
        cast(sums.{{ measure }} as {{ dbt.type_numeric() }}) as {{ measure }},
    {% endfor %}
    sums.load_number
from sums
left join order_counts
    on
        sums.sale_date = order_counts.sale_date
        and sums.source_system = order_counts.source_system
        and sums.outcome = order_counts.outcome
