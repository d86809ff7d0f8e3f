{%- set common = [
    'gross_amount', 'discount_amount', 'reversal_amount', 'net_amount', 'tax_amount', 'tip_amount',
    'orders_count'
] -%}
{%- set report_measures = {
    'shopify': common + ['shipping_amount', 'fee_amount'],
    'square': common + ['service_charge_amount'],
} -%}
{#- What the hub leaves out and a system's own report counts; test orders are in neither. -#}
{%- set reported = "'duplicate_of_shopify', 'gift_card_sale', 'voided', 'other_currency'" -%}
with source_totals as (

    select
        source_system,
        sale_date,
        measure,
        sum(amount) as source_amount
    from {{ ref('stg_quality__source_totals') }}
    where table_name = 'sales'
    group by source_system, sale_date, measure
    union all
    select
        source_system,
        sale_date,
        measure,
        source_amount
    from {{ ref('int_reported_sales') }}

),

outcomes as (

    select * from {{ ref('fct_sale_outcomes_daily') }}
    where outcome <> 'superseded' and source_system = 'spreadsheets'

),

-- What a shop system's own report adds up, from the lines that these systems sent.
shop_lines as (

    select
        fct_sale_lines.*,
        coalesce(exclusion_reason, 'counted') as outcome
    from {{ ref('fct_sale_lines') }}
    where source_system in ('shopify', 'square')

),

-- An order is left out only when all of its lines are.
shop_orders as (

    select
        source_system,
        sale_date,
        order_key,
        coalesce(max(case when outcome = 'counted' then outcome end), min(outcome)) as outcome
    from shop_lines
    where action_type = 'order'
    group by source_system, sale_date, order_key

),

shop_order_counts as (

    select
        source_system,
        sale_date,
        outcome,
        count(*) as orders_count
    from shop_orders
    group by source_system, sale_date, outcome

),

shop_amounts as (

    select
        source_system,
        sale_date,
        outcome,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(reversal_amount) as reversal_amount,
        sum(net_amount) as net_amount,
        sum(tax_amount) as tax_amount,
        {% for kind in ('tip', 'shipping', 'fee', 'service_charge') %}
            sum(case when line_type = '{{ kind }}' then total_amount - tax_amount else 0 end)
                as {{ kind }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from shop_lines
    group by source_system, sale_date, outcome

),

shop_outcomes as (

    select
        shop_amounts.*,
        coalesce(shop_order_counts.orders_count, 0) as orders_count
    from shop_amounts
    left join shop_order_counts
        on
            shop_amounts.source_system = shop_order_counts.source_system
            and shop_amounts.sale_date = shop_order_counts.sale_date
            and shop_amounts.outcome = shop_order_counts.outcome

),

ours as (

    {% set measures = {
        'rows': 'lines_count', 'units': 'units', 'net_amount': 'net_amount',
        'tax_amount': 'tax_amount', 'tip_amount': 'tip_amount',
    } %}
    {% for measure, column in measures.items() %}
        select
            source_system,
            sale_date,
            '{{ measure }}' as measure,
            sum(case when outcome = 'counted' then {{ column }} else 0 end) as our_amount,
            sum(case when outcome <> 'counted' then {{ column }} else 0 end) as excluded_amount,
        {{ dbt.listagg(
            "case when outcome <> 'counted' then outcome end", "', '", "order by outcome"
        ) }} as reasons
        from outcomes
        group by source_system, sale_date
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
    {% for system in ('shopify', 'square') %}
        {% for measure in report_measures[system] %}
            union all
            select
                source_system,
                sale_date,
                '{{ measure }}' as measure,
                sum(case when outcome = 'counted' then {{ measure }} else 0 end) as our_amount,
                sum(case when outcome in ({{ reported }}) then {{ measure }} else 0 end)
                    as excluded_amount,
            {{ dbt.listagg(
                "case when outcome in (" ~ reported ~ ") and " ~ measure
                ~ " <> 0 then outcome end", "', '", "order by outcome"
            ) }} as reasons
            from shop_outcomes
            where source_system = '{{ system }}'
            group by source_system, sale_date
        {% endfor %}
    {% endfor %}

),

compared as (

    select
        coalesce(ours.source_system, source_totals.source_system) as source_system,
        coalesce(ours.sale_date, source_totals.sale_date) as sale_date,
        coalesce(ours.measure, source_totals.measure) as measure,
        coalesce(ours.our_amount, 0) as our_amount,
        coalesce(source_totals.source_amount, 0) as source_amount,
        coalesce(ours.excluded_amount, 0) as excluded_amount,
        ours.reasons
    from ours
    full outer join source_totals
        on
            ours.source_system = source_totals.source_system
            and ours.sale_date = source_totals.sale_date
            and ours.measure = source_totals.measure

)

select
    source_system,
    sale_date,
    measure,
    cast(our_amount as {{ dbt.type_numeric() }}) as our_amount,
    cast(source_amount as {{ dbt.type_numeric() }}) as source_amount,
    cast(our_amount - source_amount as {{ dbt.type_numeric() }}) as difference_amount,
    case
        when our_amount = source_amount then 'equal'
        when our_amount + excluded_amount = source_amount
            then {{ dbt.concat(["'excluded: '", "reasons"]) }}
        else 'unexplained'
    end as explanation
from compared
where source_system in ('shopify', 'square') or measure in ({% for measure in measures %}'{{ measure }}'{% if not loop.last %}, {% endif %}{% endfor %})
