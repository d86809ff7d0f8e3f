with objects as (

    select * from {{ source('raw_square', 'catalog_objects') }}

),

item_categories as (

    select
        catalog_object_id,
        id as category_id
    from {{ source('raw_square', 'catalog_objects__item_data__categories') }}
    where item_data_categories_position = 0 and _is_emptied is null

),

variations as (

    select
        objects.*,
        variation.element as variation
    from objects
    {{ join_json_elements('objects.item_data_variations', 'variation') }}
    where objects.type = 'ITEM'

)

-- A deleted item keeps its row: its sales still need its name.
select
    {{ json_text('variation', ['id']) }} as source_variation_id,
    {{ json_text('variation', ['item_variation_data', 'sku']) }} as sku,
    {{ json_text('variation', ['item_variation_data', 'name']) }} as variation_name,
    item_data_name as item_name,
    item_data_description_plaintext as description,
    coalesce(item_data_reporting_category_id, item_data_category_id, item_categories.category_id)
        as source_category_id,
    _load_number as load_number
from variations
left join item_categories on variations.id = item_categories.catalog_object_id
