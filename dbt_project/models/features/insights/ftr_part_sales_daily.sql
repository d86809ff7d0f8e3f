with days as (

    select * from {{ ref('fct_product_sales_daily') }}
    where sale_date <= {{ feature_date() }}

),

largest as (

    select product_key
    from days
    where {{ in_last_days('sale_date', 91) }}
    group by product_key
    order by sum(net_amount) desc, product_key
    limit 20

),

products as (

    select * from {{ ref('dim_products') }}

)

select
    'category' as series_level,
    days.sale_date as date_day,
    {{ dbt.concat(["'category:'", "coalesce(products.category_name, 'Uncategorised')"]) }}
        as series_key,
    sum(days.net_amount) as net_amount,
    cast(sum(days.lines_count) as {{ dbt.type_float() }}) as lines_count
from days
left join products on days.product_key = products.product_key
group by 2, 3

union all

select
    'product' as series_level,
    days.sale_date as date_day,
    {{ dbt.concat(["'product:'", "products.product_name"]) }} as series_key,
    sum(days.net_amount) as net_amount,
    cast(sum(days.lines_count) as {{ dbt.type_float() }}) as lines_count
from days
inner join largest on days.product_key = largest.product_key
inner join products on days.product_key = products.product_key
group by 2, 3
