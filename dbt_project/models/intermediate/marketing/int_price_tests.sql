with days as (

    select * from {{ ref('stg_spreadsheets__price_tests') }}
    where
        superseded_number is null
        and (currency_code is null or currency_code = {{ business_setting('currency_code') }})

)

select
    test_name,
    variant_name,
    test_date,
    source_product_id,
    unit_price_amount,
    expected_rate,
    visitors_count,
    orders_count,
    units,
    net_amount,
    load_number
from days
