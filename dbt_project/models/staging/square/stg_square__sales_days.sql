with documents as (

    select * from {{ source('raw_square', 'sales_report') }}

)

select
    sale_date,
    location_id as source_location_id,
    gross_sales as gross_amount,
    discounts_amount as discount_amount,
    returns_amount as reversal_amount,
    net_sales as net_amount,
    sales_tax_amount as tax_amount,
    tips_amount as tip_amount,
    service_charges_amount as service_charge_amount,
    order_count as orders_count,
    _load_number as load_number
from documents
where _deleted_at is null
