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
{%- set counts = "'rows', 'units', 'orders_count'" -%}
{%- set compared = [] -%}
{%- for source_system, measures in reports.items() -%}
    {%- for measure in measures -%}
        {%- do compared.append(source_system ~ ' ' ~ measure) -%}
    {%- endfor -%}
{%- endfor -%}
{#- What the hub leaves out and a system's own report counts; test orders are in neither. -#}
{%- set reported = "'duplicate_of_shopify', 'gift_card_sale', 'voided', 'no_exchange_rate'" -%}
with told as (

    select
        totals.source_system,
        totals.sale_date,
        totals.currency_code,
        totals.measure,
        totals.amount as source_amount,
        loads.load_number
    from {{ ref('stg_quality__source_totals') }} as totals
    left join {{ ref('stg_quality__load_logs') }} as loads on totals.load_id = loads.load_id
    where totals.table_name = 'sales'
    union all
    select
        source_system,
        sale_date,
        currency_code,
        measure,
        source_amount,
        load_number
    from {{ ref('int_reported_sales') }}

),

rates as (

    select * from {{ ref('int_exchange_rates') }}

),

-- A report in another currency at the rate of its day, as the ledger has it; without one as it is.
source_totals as (

    select
        told.source_system,
        told.sale_date,
        told.measure,
        sum(
            told.source_amount * case
                when told.measure in ({{ counts }}) then 1
                else coalesce(rates.exchange_rate, 1)
            end
        ) as source_amount,
        max(case when rates.exchange_rate is null then 0 else 1 end) = 1 as is_converted,
        max(told.load_number) as load_number
    from told
    left join rates
        on
            told.currency_code = rates.currency_code
            and told.sale_date = rates.rate_date
    group by told.source_system, told.sale_date, told.measure

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
            ) }} as reasons,
                max(load_number) as load_number
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
        ours.reasons,
        -- Converted lines keep six decimals each; what that leaves of a day is no difference.
        case when source_totals.is_converted then 0.005 else 0 end as tolerance_amount,
        greatest(ours.load_number, source_totals.load_number) as load_number
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
    cast(
        case
            when abs(our_amount - source_amount) <= tolerance_amount then 0
            else our_amount - source_amount
        end as {{ dbt.type_numeric() }}
    ) as difference_amount,
    case
        when abs(our_amount - source_amount) <= tolerance_amount then 'equal'
        when abs(our_amount + excluded_amount - source_amount) <= tolerance_amount
            then {{ dbt.concat(["'excluded: '", "reasons"]) }}
        else 'unexplained'
    end as explanation,
    load_number
from compared
where {{ dbt.concat(['source_system', "' '", 'measure']) }} in ('{{ compared | join("', '") }}')
