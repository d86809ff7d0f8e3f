with documents as (

    select * from {{ source('raw_square', 'orders__line_items') }}

)

select
    order_id as source_order_id,
    line_items_position as line_position,
    uid as source_line_id,
    item_type,
    catalog_object_id as source_variation_id,
    name as product_name,
    variation_name,
    quantity,
    coalesce(
        {{ json_text('quantity_unit', ['measurement_unit', 'volume_unit']) }},
        {{ json_text('quantity_unit', ['measurement_unit', 'custom_unit', 'name']) }}
    ) as unit_of_measure,
    gross_sales_money as gross_amount,
    total_discount_money as discount_amount,
    total_tax_money as tax_amount
from documents
where _is_emptied is null
