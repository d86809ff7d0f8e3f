-- Finance books a refund on its own day, marketing on the day of the order: how far are they apart?
with reversals as (

    select
        {{ month_start('sale_date') }} as month_start_date,
        sum(reversal_amount) as reversed_that_month,
        0 as reversed_of_that_months_orders
    from {{ ref('fct_counted_sale_lines') }}
    group by 1
    union all
    select
        {{ month_start('order_date') }} as month_start_date,
        0 as reversed_that_month,
        sum(reversal_amount) as reversed_of_that_months_orders
    from {{ ref('fct_counted_sale_lines') }}
    group by 1

)

select
    month_start_date,
    sum(reversed_that_month) as reversed_that_month,
    sum(reversed_of_that_months_orders) as reversed_of_that_months_orders
from reversals
group by month_start_date
order by month_start_date
