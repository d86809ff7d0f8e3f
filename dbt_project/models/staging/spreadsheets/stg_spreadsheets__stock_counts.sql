with inventory as (

    select * from {{ source('raw_spreadsheets', 'inventory') }}

),

renamed as (

    select
        _row_key as source_record_id,
        coalesce(product_id, product_name) as source_product_id,
        product_name,
        location_name,
        unit as unit_of_measure,
        currency_code,
        on_hand_quantity,
        on_order_quantity,
        unit_cost_amount,
        counted_date,
        _load_number as load_number,
        _superseded_number as superseded_number
    from inventory

)

select * from renamed
