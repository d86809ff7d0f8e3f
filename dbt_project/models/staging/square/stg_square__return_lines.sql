with documents as (

    select * from {{ source('raw_square', 'orders__returns__return_line_items') }}

)

select
    order_id as source_order_id,
    returns_position as return_position,
    return_line_items_position as line_position,
    item_type,
    catalog_object_id as source_variation_id,
    quantity,
    gross_return_money as gross_amount,
    total_discount_money as discount_amount,
    total_tax_money as tax_amount
from documents
where _is_emptied is null
