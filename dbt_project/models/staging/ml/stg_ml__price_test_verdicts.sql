with price_test_verdicts as (

    select * from {{ source('ml', 'price_test_verdicts') }}

)

select
    test_name,
    control_name,
    variant_name,
    first_date,
    last_date,
    days_count,
    control_visitors_count,
    variant_visitors_count,
    control_margin_amount,
    variant_margin_amount,
    difference_amount,
    lower_difference_amount,
    upper_difference_amount,
    p_value,
    confidence_rate,
    verdict,
    reason,
    run_id
from price_test_verdicts
