with products as (

    select * from {{ source('raw_spreadsheets', 'products') }}

),

renamed as (

    select
        _row_key as source_record_id,
        coalesce(product_id, sku, product_name) as source_product_id,
        sku,
        product_name,
        category_name,
        description,
        unit as unit_of_measure,
        unit_price_amount,
        unit_cost_amount,
        currency_code,
        valid_from_date,
        _load_number as load_number,
        _superseded_number as superseded_number
    from products

)

select * from renamed
