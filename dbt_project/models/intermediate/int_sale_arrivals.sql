with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}

)

select
    source_order_id,
    source_product_id,
    loaded_at,
    superseded_at
from sales
