with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}

),

shopify_orders as (

    select * from {{ ref('int_shopify_orders') }}

),

square_orders as (

    select * from {{ ref('int_square_orders') }}

),

shopify_items as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

documents as (

    select * from {{ ref('int_quickbooks_sales') }}

),

document_lines as (

    select * from {{ ref('stg_quickbooks__lines') }}
    where source_item_id is not null

),

square_items as (

    select * from {{ ref('stg_square__order_lines') }}

)

select
    source_order_id,
    source_product_id,
    load_number,
    superseded_number
from sales
union all
select
    shopify_orders.source_order_id,
    shopify_items.source_product_id,
    shopify_orders.load_number,
    cast(null as {{ dbt.type_bigint() }}) as superseded_number
from shopify_orders
left join shopify_items on shopify_orders.source_order_id = shopify_items.source_order_id
union all
-- A return belongs to the order of its sale.
select
    square_orders.sold_in_order_id as source_order_id,
    square_items.source_variation_id as source_product_id,
    square_orders.load_number,
    cast(null as {{ dbt.type_bigint() }}) as superseded_number
from square_orders
left join square_items on square_orders.source_order_id = square_items.source_order_id
union all
select
    documents.source_order_id,
    document_lines.source_item_id as source_product_id,
    documents.load_number,
    cast(null as {{ dbt.type_bigint() }}) as superseded_number
from documents
left join document_lines
    on
        documents.document_type = document_lines.document_type
        and documents.source_document_id = document_lines.source_document_id
