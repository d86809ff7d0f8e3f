select
    test_days.test_name,
    test_days.variant_name,
    test_days.test_date,
    test_days.visitors_count,
    test_days.orders_count,
    test_days.net_amount,
    case when test_days.costed_units = test_days.units then test_days.cost_amount end as cost_amount,
    arms.is_sample_ratio_mismatched
from {{ ref('fct_price_test_days') }} as test_days
inner join {{ ref('rpt_price_tests') }} as arms
    on test_days.test_name = arms.test_name and test_days.variant_name = arms.variant_name
where test_days.test_date <= {{ feature_date() }}
