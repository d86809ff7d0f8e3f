with documents as (

    select * from {{ source('raw_shopify', 'orders') }}

)

select
    id as source_order_id,
    name as order_name,
    customer_id as source_customer_id,
    email_token as customer_email_token,
    retail_location_id as source_location_id,
    coalesce(app_name, 'Online Store') as channel_name,
    currency_code,
    test as is_test,
    display_financial_status as financial_status,
    original_total_price as original_total_amount,
    current_total_price as current_total_amount,
    processed_at,
    cancelled_at,
    _deleted_at as deleted_at,
    greatest(updated_at, coalesce(_deleted_at, updated_at)) as source_updated_at,
    _load_number as load_number
from documents
