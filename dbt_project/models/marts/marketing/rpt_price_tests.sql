with days as (

    select * from {{ ref('fct_price_test_days') }}

),

arms as (

    select
        test_name,
        variant_name,
        min(test_date) as first_date,
        max(test_date) as last_date,
        max(expected_rate) as expected_rate,
        sum(visitors_count) as visitors_count,
        sum(orders_count) as orders_count,
        sum(units) as units,
        sum(net_amount) as net_amount,
        sum(costed_units) as costed_units,
        sum(cost_amount) as cost_amount,
        max(load_number) as load_number
    from days
    group by test_name, variant_name

),

expected as (

    select
        arms.*,
        count(*) over (partition by test_name) as arms_count,
        sum(visitors_count) over (partition by test_name) * coalesce(
            expected_rate / nullif(sum(expected_rate) over (partition by test_name), 0),
            1.0 / count(*) over (partition by test_name)
        ) as expected_visitors
    from arms

),

-- Pearson's chi-square of the visitors against their planned shares.
compared as (

    select
        expected.*,
        sum(
            (visitors_count - expected_visitors) * (visitors_count - expected_visitors)
            / nullif(expected_visitors, 0)
        ) over (partition by test_name) as chi_square
    from expected

)

select
    test_name,
    variant_name,
    first_date,
    last_date,
    cast(visitors_count as {{ dbt.type_bigint() }}) as visitors_count,
    cast(orders_count as {{ dbt.type_bigint() }}) as orders_count,
    cast(units as {{ dbt.type_numeric() }}) as units,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(costed_units / nullif(units, 0) as {{ dbt.type_numeric() }}) as cost_coverage_rate,
    cast(1.0 * orders_count / nullif(visitors_count, 0) as {{ dbt.type_numeric() }})
        as conversion_rate,
    cast(net_amount / nullif(visitors_count, 0) as {{ dbt.type_numeric() }})
        as net_per_visitor_amount,
    cast(
        case
            when costed_units = units
                then (net_amount - cost_amount) / nullif(visitors_count, 0)
        end as {{ dbt.type_numeric() }}
    ) as margin_per_visitor_amount,
    cast(expected_visitors as {{ dbt.type_numeric() }}) as expected_visitors,
    cast(chi_square as {{ dbt.type_numeric() }}) as chi_square,
    -- Critical values at one in a thousand, by degrees of freedom: the arms less one.
    chi_square > case arms_count
        when 2 then 10.828 when 3 then 13.816 when 4 then 16.266 when 5 then 18.467
        when 6 then 20.515 when 7 then 22.458 when 8 then 24.322 when 9 then 26.124
    end as is_sample_ratio_mismatched,
    load_number
from compared
