select
    recency_days,
    frequency,
    monetary_amount
from {{ ref('fct_customer_rfm') }}
group by recency_days, frequency, monetary_amount
having count(distinct rfm_score) > 1
