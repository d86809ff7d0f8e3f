{#- What each source's own report tells, and the measure of ours that must be equal to it. -#}
{%- set common = {
    'gross_amount': 'gross_amount', 'discount_amount': 'discount_amount',
    'reversal_amount': 'reversal_amount', 'net_amount': 'net_amount', 'tax_amount': 'tax_amount',
    'tip_amount': 'tip_amount', 'orders_count': 'orders_count',
} -%}
{%- set reports = {
    'spreadsheets': {
        'rows': 'lines_count', 'units': 'units', 'net_amount': 'net_amount',
        'tax_amount': 'tax_amount', 'tip_amount': 'tip_amount',
    },
    'shopify': dict(
        common, shipping_amount='shipping_amount', fee_amount='fee_amount',
        total_amount='total_amount', units='units'
    ),
    'square': dict(common, service_charge_amount='service_charge_amount'),
} -%}
{%- set told = [] -%}
{%- for source_system, measures in reports.items() -%}
    {%- for measure in measures -%}
        {%- do told.append(source_system ~ ' ' ~ measure) -%}
    {%- endfor -%}
{%- endfor -%}
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

    select
        sale_days.*,
        outcome = 'counted' as is_counted,
        outcome <> 'counted'
        and (source_system = 'spreadsheets' or outcome in ({{ reported }})) as is_reported
    from {{ ref('fct_sale_outcomes_daily') }} as sale_days
    where outcome <> 'superseded'

),

ours as (

    {% for source_system, measures in reports.items() %}
        {% set is_last_source = loop.last %}
        {% for measure, column in measures.items() %}
            select
                source_system,
                sale_date,
                '{{ measure }}' as measure,
                sum(case when is_counted then {{ column }} else 0 end) as our_amount,
                sum(case when is_reported then {{ column }} else 0 end) as excluded_amount,
            {{ dbt.listagg(
                "case when is_reported and " ~ column ~ " <> 0 then outcome end",
                "', '", "order by outcome"
            ) }} as reasons
            from outcomes
            where source_system = '{{ source_system }}'
            group by source_system, sale_date
            {% if not (is_last_source and loop.last) %}union all{% endif %}
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
where {{ dbt.concat(['source_system', "' '", 'measure']) }} in ('{{ told | join("', '") }}')
