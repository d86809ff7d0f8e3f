select
    churn.customer_key,
    churn.is_active,
    churn.churn_probability,
    lifetimes.expected_net_12m_amount,
    coalesce(customers.accepts_marketing, false) as is_contact_allowed
from {{ ref('stg_ml__customer_churn') }} as churn
inner join {{ ref('stg_ml__customer_lifetimes') }} as lifetimes
    on churn.customer_key = lifetimes.customer_key
inner join {{ ref('dim_customers') }} as customers on churn.customer_key = customers.customer_key
