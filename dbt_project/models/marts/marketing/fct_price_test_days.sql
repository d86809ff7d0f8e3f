with days as (

    select * from {{ ref('int_price_tests') }}

),

costs as (

    select
        {{ normalised_sku('sku') }} as sku,
        min(unit_cost_amount) as unit_cost_amount
    from {{ ref('dim_products') }}
    where unit_cost_amount is not null
    group by 1

)

select
    days.test_name,
    days.variant_name,
    days.test_date,
    cast(max(days.expected_rate) as {{ dbt.type_numeric() }}) as expected_rate,
    cast(sum(days.visitors_count) as {{ dbt.type_bigint() }}) as visitors_count,
    cast(sum(days.orders_count) as {{ dbt.type_bigint() }}) as orders_count,
    cast(sum(days.units) as {{ dbt.type_numeric() }}) as units,
    cast(sum(days.net_amount) as {{ dbt.type_numeric() }}) as net_amount,
    cast(
        sum(case when costs.sku is not null then days.units else 0 end)
        as {{ dbt.type_numeric() }}
    ) as costed_units,
    cast(
        sum(coalesce(days.units * costs.unit_cost_amount, 0)) as {{ dbt.type_numeric() }}
    ) as cost_amount,
    max(days.load_number) as load_number
from days
left join costs on {{ normalised_sku('days.source_product_id') }} = costs.sku
group by days.test_name, days.variant_name, days.test_date
