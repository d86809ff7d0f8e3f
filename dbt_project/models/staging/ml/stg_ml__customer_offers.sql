with offers as (

    select * from {{ source('ml', 'customer_offers') }}

)

select
    customer_key,
    offer_rank,
    product_key,
    because_product_key,
    score,
    model,
    run_id
from offers
