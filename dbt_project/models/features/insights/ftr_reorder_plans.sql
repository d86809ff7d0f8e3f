select
    product_key,
    location_key,
    product_name,
    location_name,
    supplier_name,
    urgency,
    order_quantity,
    order_by_date,
    days_left,
    lead_time_days,
    order_amount,
    lost_margin_amount
from {{ ref('stg_ml__reorder_plans') }}
