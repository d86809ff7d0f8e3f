with price_tests as (

    select * from {{ source('raw_spreadsheets', 'price_tests') }}

),

renamed as (

    select
        _row_key as source_record_id,
        test_name,
        variant_name,
        test_date,
        product_id as source_product_id,
        currency_code,
        unit_price_amount,
        expected_share as expected_rate,
        visitors_count,
        orders_count,
        units,
        net_amount,
        _load_number as load_number,
        _superseded_number as superseded_number
    from price_tests

)

select * from renamed
