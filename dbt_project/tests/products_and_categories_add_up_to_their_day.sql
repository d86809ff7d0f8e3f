with days as (

    select
        sale_date,
        sum(net_amount) as net_amount
    from {{ ref('rpt_sales_daily') }}
    group by sale_date

),

products as (

    select
        sale_date,
        sum(net_amount) as net_amount
    from {{ ref('fct_product_sales_daily') }}
    group by sale_date

),

categories as (

    select
        sale_date,
        sum(net_amount) as net_amount
    from {{ ref('rpt_margin_daily') }}
    group by sale_date

)

select days.sale_date
from days
left join products on days.sale_date = products.sale_date
left join categories on days.sale_date = categories.sale_date
where
    days.net_amount <> coalesce(products.net_amount, 0)
    or days.net_amount <> coalesce(categories.net_amount, 0)
