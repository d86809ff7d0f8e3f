with sales as (

    select
        {{ month_start('sale_date') }} as month_start_date,
        sum(identified_orders_count) as identified_orders_count,
        sum(orders_count - identified_orders_count) as guest_orders_count,
        sum(identified_net_amount) as identified_net_amount,
        sum(net_amount - identified_net_amount) as guest_net_amount,
        max(load_number) as load_number
    from {{ ref('rpt_sales_daily') }}
    group by 1

),

months as (

    select
        fct_customer_months.*,
        min(case when orders_count > 0 then month_start_date end)
            over (partition by customer_key) as cohort_month
    from {{ ref('fct_customer_months') }} as fct_customer_months
    where month_start_date is not null

),

customers as (

    select
        month_start_date,
        sum(case when month_start_date = cohort_month then 1 else 0 end) as new_customers_count,
        sum(case when month_start_date > cohort_month then 1 else 0 end)
            as returning_customers_count
    from months
    where orders_count > 0
    group by month_start_date

)

select
    sales.month_start_date,
    cast(coalesce(customers.new_customers_count, 0) as {{ dbt.type_bigint() }})
        as new_customers_count,
    cast(coalesce(customers.returning_customers_count, 0) as {{ dbt.type_bigint() }})
        as returning_customers_count,
    cast(sales.identified_orders_count as {{ dbt.type_bigint() }}) as identified_orders_count,
    cast(sales.guest_orders_count as {{ dbt.type_bigint() }}) as guest_orders_count,
    cast(sales.identified_net_amount as {{ dbt.type_numeric() }}) as identified_net_amount,
    cast(sales.guest_net_amount as {{ dbt.type_numeric() }}) as guest_net_amount,
    sales.load_number
from sales
left join customers on sales.month_start_date = customers.month_start_date
