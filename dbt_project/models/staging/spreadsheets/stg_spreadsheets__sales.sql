with sales as (

    select * from {{ source('raw_spreadsheets', 'sales') }}

),

renamed as (

    select
        -- ids
        _row_key as source_record_id,
        _row_hash as source_version_id,
        order_id as source_order_id,
        line_id as source_line_id,
        coalesce(product_id, product_name) as source_product_id,
        customer_id as source_customer_id,
        customer_email_token,
        customer_phone_token,
        customer_name_token,
        staff_token,

        -- what
        event_type,
        product_name,
        category_name,
        location_name,
        channel_name,
        payment_method,
        status,
        currency_code,

        -- numbers
        quantity,
        gross_amount,
        discount_amount,
        tax_amount,
        tip_amount,
        shipping_amount,
        cost_amount,

        -- times
        sold_at,
        sold_local_at,
        is_time_known,
        _loaded_at as loaded_at,
        _load_number as load_number,
        _superseded_number as superseded_number
    from sales

)

select * from renamed
