with documents as (

    select * from {{ source('raw_square', 'inventory_counts') }}

)

select
    catalog_object_id as source_variation_id,
    location_id as source_location_id,
    state,
    quantity,
    calculated_at,
    _load_number as load_number
from documents
where _deleted_at is null
