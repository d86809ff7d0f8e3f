with from_spreadsheets as (

    select
        'spreadsheets' as source_system,
        source_record_id,
        source_version_id,
        source_order_id,
        source_product_id,
        customer_record_id,
        staff_token,
        location_name,
        channel_name,
        payment_method,
        currency_code,
        line_type,
        action_type,
        signed_quantity,
        cost_amount,
        charge_amount,
        line_gross_amount,
        line_discount_amount,
        line_reversal_amount,
        line_tax_amount,
        exclusion_reason,
        sold_at,
        sold_local_at,
        is_time_known,
        sale_date,
        cast(null as date) as order_date,
        cast(null as {{ dbt.type_string() }}) as shopify_order_id,
        loaded_at,
        superseded_at
    from {{ ref('int_sale_lines_from_spreadsheets') }}

),

from_shopify as (

    select
        'shopify' as source_system,
        source_record_id,
        source_version_id,
        source_order_id,
        source_product_id,
        customer_record_id,
        staff_token,
        location_name,
        channel_name,
        payment_method,
        currency_code,
        line_type,
        action_type,
        signed_quantity,
        cost_amount,
        charge_amount,
        line_gross_amount,
        line_discount_amount,
        line_reversal_amount,
        line_tax_amount,
        exclusion_reason,
        sold_at,
        sold_local_at,
        is_time_known,
        sale_date,
        order_date,
        cast(null as {{ dbt.type_string() }}) as shopify_order_id,
        loaded_at,
        cast(null as {{ dbt.type_timestamp() }}) as superseded_at
    from {{ ref('int_sale_lines_from_shopify') }}

),

from_square as (

    select
        'square' as source_system,
        source_record_id,
        source_version_id,
        source_order_id,
        source_product_id,
        customer_record_id,
        staff_token,
        location_name,
        channel_name,
        payment_method,
        currency_code,
        line_type,
        action_type,
        signed_quantity,
        cost_amount,
        charge_amount,
        line_gross_amount,
        line_discount_amount,
        line_reversal_amount,
        line_tax_amount,
        exclusion_reason,
        sold_at,
        sold_local_at,
        is_time_known,
        sale_date,
        order_date,
        shopify_order_id,
        loaded_at,
        cast(null as {{ dbt.type_timestamp() }}) as superseded_at
    from {{ ref('int_sale_lines_from_square') }}

)

select * from from_spreadsheets
union all
select * from from_shopify
union all
select * from from_square
