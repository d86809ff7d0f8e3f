with objects as (

    select * from {{ source('raw_square', 'catalog_objects') }}

)

select
    id as source_category_id,
    category_data_name as category_name
from objects
where type = 'CATEGORY'
