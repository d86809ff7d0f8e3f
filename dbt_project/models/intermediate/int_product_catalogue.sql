with products as (

    select * from {{ ref('stg_spreadsheets__products') }}
    where superseded_number is null and source_product_id is not null

),

ranked as (

    select
        products.*,
        row_number() over (
            partition by source_product_id
            order by load_number desc, valid_from_date desc, source_record_id asc
        ) as version_rank
    from products

)

select
    source_product_id,
    sku,
    product_name,
    category_name,
    description,
    unit_price_amount,
    load_number
from ranked
where version_rank = 1
