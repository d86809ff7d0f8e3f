with sold as (

    select * from {{ ref('int_spreadsheet_products') }}

),

catalogue as (

    select * from {{ ref('int_product_catalogue') }}

),

costs as (

    select * from {{ ref('int_product_costs') }}
    where valid_until_date is null

),

shop_products as (

    select * from {{ ref('int_shop_products') }}

),

sale_days as (

    select
        product_key,
        min(sale_date) as first_sale_date,
        max(sale_date) as last_sale_date
    from {{ ref('fct_product_sales_daily') }}
    where lines_count > 0
    group by product_key

),

ids as (

    select source_product_id from sold
    union
    select source_product_id from catalogue

),

named as (

    select
        {{ product_key('spreadsheets', 'ids.source_product_id') }} as product_key,
        'spreadsheets' as source_system,
        ids.source_product_id,
        coalesce(catalogue.sku, ids.source_product_id) as sku,
        coalesce(catalogue.product_name, sold.product_name, ids.source_product_id)
            as product_name,
        coalesce(catalogue.category_name, sold.category_name, 'Uncategorised') as category_name,
        catalogue.description,
        costs.unit_cost_amount
    from ids
    left join sold on ids.source_product_id = sold.source_product_id
    left join catalogue on ids.source_product_id = catalogue.source_product_id
    left join costs on ids.source_product_id = costs.source_product_id
    union all
    select
        {{ surrogate_key(['shop_products.source_system', 'shop_products.source_product_id']) }}
            as product_key,
        shop_products.source_system,
        shop_products.source_product_id,
        coalesce(shop_products.sku, shop_products.source_product_id) as sku,
        coalesce(shop_products.product_name, shop_products.source_product_id) as product_name,
        coalesce(shop_products.category_name, 'Uncategorised') as category_name,
        shop_products.description,
        costs.unit_cost_amount
    from shop_products
    left join costs on shop_products.source_product_id = costs.source_product_id

)

select
    named.product_key,
    named.source_system,
    named.source_product_id,
    named.sku,
    named.product_name,
    named.category_name,
    named.description,
    cast(named.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    named.unit_cost_amount is not null as is_cost_known,
    sale_days.first_sale_date,
    sale_days.last_sale_date
from named
left join sale_days on named.product_key = sale_days.product_key
