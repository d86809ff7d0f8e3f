with documents as (

    select * from {{ source('raw_shopify', 'sales_report') }}

)

select
    day as sale_date,
    gross_sales as gross_amount,
    -discounts as discount_amount,
    -sales_reversals as reversal_amount,
    net_sales as net_amount,
    taxes as tax_amount,
    tips as tip_amount,
    shipping_charges as shipping_amount,
    fees as fee_amount,
    total_sales as total_amount,
    quantity_ordered - reversed_quantity as units,
    orders as orders_count,
    _load_number as load_number
from documents
where _deleted_at is null
