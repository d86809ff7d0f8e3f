with months as (

    select
        {{ month_start('sale_date') }} as month_start_date,
        product_key,
        sum(units) as units,
        sum(orders_count) as orders_count,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(reversal_amount) as reversal_amount,
        sum(net_amount) as net_amount,
        sum(cost_amount) as cost_amount,
        sum(known_cost_net_amount) as known_cost_net_amount,
        sum(payment_fee_amount) as payment_fee_amount,
        sum(known_cost_payment_fee_amount) as known_cost_payment_fee_amount,
        sum(known_fee_net_amount) as known_fee_net_amount,
        max(load_number) as load_number
    from {{ ref('fct_product_sales_daily') }}
    where product_key is not null
    group by 1, 2

)

select
    months.month_start_date,
    months.product_key,
    products.product_name,
    products.category_name,
    cast(months.units as {{ dbt.type_numeric() }}) as units,
    cast(months.orders_count as {{ dbt.type_bigint() }}) as orders_count,
    cast(months.gross_amount as {{ dbt.type_numeric() }}) as gross_amount,
    cast(months.discount_amount as {{ dbt.type_numeric() }}) as discount_amount,
    cast(months.reversal_amount as {{ dbt.type_numeric() }}) as reversal_amount,
    cast(months.net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(months.cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(months.known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(months.known_cost_net_amount - months.cost_amount as {{ dbt.type_numeric() }})
        as gross_margin_amount,
    cast(months.payment_fee_amount as {{ dbt.type_numeric() }}) as payment_fee_amount,
    cast(months.known_fee_net_amount as {{ dbt.type_numeric() }}) as known_fee_net_amount,
    cast(
        months.known_cost_net_amount - months.cost_amount
        - coalesce(months.known_cost_payment_fee_amount, 0) as {{ dbt.type_numeric() }}
    ) as contribution_margin_amount,
    {% for rate, known in (
        ('cost_coverage_rate', 'known_cost_net_amount'),
        ('payment_fee_coverage_rate', 'known_fee_net_amount'),
    ) %}
        cast(case
            when months.net_amount > 0 then months.{{ known }} / months.net_amount
        end as {{ dbt.type_numeric() }}) as {{ rate }},
    {% endfor %}
    months.load_number
from months
inner join {{ ref('dim_products') }} as products on months.product_key = products.product_key
