with purchases as (

    select * from {{ source('raw_spreadsheets', 'purchases') }}

),

renamed as (

    select
        _row_key as source_record_id,
        purchase_id as source_purchase_id,
        coalesce(product_id, product_name) as source_product_id,
        product_name,
        supplier_name,
        location_name,
        currency_code,
        quantity,
        coalesce(received_quantity, quantity) as received_quantity,
        unit_cost_amount,
        ordered_date,
        received_date,
        _load_number as load_number,
        _superseded_number as superseded_number
    from purchases

)

select * from renamed
