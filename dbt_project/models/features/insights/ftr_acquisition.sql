select
    cohort_month,
    spend_amount,
    margin_amount,
    blended_cac_amount,
    margin_ltv_amount,
    ltv_to_cac_rate
from {{ ref('rpt_acquisition') }}
where not is_right_censored and spend_amount > 0
