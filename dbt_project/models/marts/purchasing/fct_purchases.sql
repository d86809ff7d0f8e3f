with purchases as (

    select * from {{ ref('int_purchases') }}

)

select
    purchase_line_key,
    source_purchase_id,
    product_key,
    source_product_id,
    product_name,
    supplier_name,
    location_key,
    ordered_date,
    received_date,
    quantity,
    received_quantity,
    unit_cost_amount,
    currency_code,
    load_number
from purchases
