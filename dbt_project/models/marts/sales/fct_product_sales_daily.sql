{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='sale_date', on_schema_change='fail',
    pre_hook="{{ delete_changed('sale_date') }}", indexes=[{'columns': ['sale_date']}]
) }}

with changes as (

    select
        sale_date,
        load_number
    from {{ ref('fct_sale_changes') }}
    union all
    -- An order whose fees changed, or the goods that bear them, changes each day it was sold on.
    select
        sold.sale_date,
        margins.load_number
    from {{ ref('fct_order_margins') }} as margins
    inner join {{ ref('fct_order_fees') }} as order_fees on margins.order_key = order_fees.order_key
    inner join {{ ref('fct_counted_sale_lines') }} as sold on margins.order_key = sold.order_key

),

sale_lines as (

    select * from {{ ref('fct_counted_sale_lines') }}
    -- A refund that names no goods reduces net sales too, and has no product.
    where line_type in ('product', 'adjustment')
    {% if is_incremental() %}
        and sale_date in (select sale_date from changes where {{ loaded_since_last_build() }})
    {% endif %}

),

fees as (

    select * from {{ ref('fct_order_margins') }}
    where payment_fee_amount is not null

),

-- Each line that was sold bears its part of its order's fees.
lines as (

    select
        sale_lines.*,
        coalesce(fees.is_payment_fee_known, false) as is_payment_fee_known,
        case
            when sale_lines.line_type = 'product' and fees.sold_amount > 0
                then
                    fees.payment_fee_amount / fees.sold_amount
                    * greatest(sale_lines.gross_amount - sale_lines.discount_amount, 0)
        end as payment_fee_amount,
        fees.load_number as fees_load_number
    from sale_lines
    left join fees on sale_lines.order_key = fees.order_key

),

days as (

    select
        sale_date,
        location_key,
        product_key,
        sum(quantity) as units,
        count(distinct case when action_type = 'order' then order_key end) as orders_count,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(reversal_amount) as reversal_amount,
        sum(net_amount) as net_amount,
        sum(cost_amount) as cost_amount,
        sum(case when is_cost_known then net_amount else 0 end) as known_cost_net_amount,
        sum(case when is_cost_known then quantity else 0 end) as known_cost_units,
        sum(payment_fee_amount) as payment_fee_amount,
        sum(case when is_cost_known then payment_fee_amount end)
            as known_cost_payment_fee_amount,
        sum(case when is_payment_fee_known then net_amount else 0 end) as known_fee_net_amount,
        count(*) as lines_count,
        max(greatest(load_number, coalesce(fees_load_number, load_number))) as load_number
    from lines
    group by sale_date, location_key, product_key

)

select
    sale_date,
    location_key,
    product_key,
    cast(units as {{ dbt.type_numeric() }}) as units,
    orders_count,
    cast(gross_amount as {{ dbt.type_numeric() }}) as gross_amount,
    cast(discount_amount as {{ dbt.type_numeric() }}) as discount_amount,
    cast(reversal_amount as {{ dbt.type_numeric() }}) as reversal_amount,
    cast(net_amount as {{ dbt.type_numeric() }}) as net_amount,
    cast(cost_amount as {{ dbt.type_numeric() }}) as cost_amount,
    cast(known_cost_net_amount as {{ dbt.type_numeric() }}) as known_cost_net_amount,
    cast(known_cost_units as {{ dbt.type_numeric() }}) as known_cost_units,
    cast(payment_fee_amount as {{ dbt.type_numeric() }}) as payment_fee_amount,
    cast(known_cost_payment_fee_amount as {{ dbt.type_numeric() }})
        as known_cost_payment_fee_amount,
    cast(known_fee_net_amount as {{ dbt.type_numeric() }}) as known_fee_net_amount,
    lines_count,
    load_number
from days
