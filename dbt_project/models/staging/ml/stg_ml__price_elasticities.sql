with price_elasticities as (

    select * from {{ source('ml', 'price_elasticities') }}

)

select
    subject_level,
    product_key,
    product_name,
    category_name,
    elasticity,
    lower_80,
    upper_80,
    lower_95,
    upper_95,
    own_elasticity,
    own_standard_error,
    own_weight,
    prices_count,
    price_changes_count,
    weeks_count,
    units,
    lowest_price_amount,
    highest_price_amount,
    current_price_amount,
    unit_cost_amount,
    best_price_amount,
    margin_amount,
    margin_change_amount,
    lower_margin_change_amount,
    upper_margin_change_amount,
    evidence,
    recommendation,
    run_id
from price_elasticities
