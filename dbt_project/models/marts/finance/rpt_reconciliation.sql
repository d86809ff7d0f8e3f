with source_totals as (

    select
        source_system,
        sale_date,
        measure,
        sum(amount) as source_amount
    from {{ ref('stg_quality__source_totals') }}
    where table_name = 'sales'
    group by source_system, sale_date, measure

),

outcomes as (

    select * from {{ ref('fct_sale_outcomes_daily') }}
    where outcome <> 'superseded'

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
where measure in ({% for measure in measures %}'{{ measure }}'{% if not loop.last %}, {% endif %}{% endfor %})
