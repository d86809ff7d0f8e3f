with sold as (

    select * from {{ ref('int_spreadsheet_products') }}

),

catalogue as (

    select * from {{ ref('int_product_catalogue') }}

),

items as (

    select * from {{ ref('stg_quickbooks__items') }}
    where item_type <> 'Category'

),

from_spreadsheets as (

    select
        'spreadsheets' as source_system,
        coalesce(catalogue.source_product_id, sold.source_product_id) as source_product_id,
        catalogue.sku,
        coalesce(catalogue.product_name, sold.product_name) as product_name,
        coalesce(catalogue.category_name, sold.category_name) as category_name,
        catalogue.description,
        coalesce(catalogue.load_number, sold.load_number) as load_number
    from sold
    full outer join catalogue on sold.source_product_id = catalogue.source_product_id

)

select * from from_spreadsheets
union all
select
    source_system,
    source_product_id,
    sku,
    product_name,
    category_name,
    description,
    load_number
from {{ ref('int_shop_products') }}
union all
select
    'quickbooks' as source_system,
    source_item_id as source_product_id,
    sku,
    item_name as product_name,
    cast(null as {{ dbt.type_string() }}) as category_name,
    cast(null as {{ dbt.type_string() }}) as description,
    load_number
from items
