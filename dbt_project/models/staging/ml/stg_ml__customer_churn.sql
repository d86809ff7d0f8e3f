with churn as (

    select * from {{ source('ml', 'customer_churn') }}

)

select
    customer_key,
    as_of_date,
    model,
    churn_horizon_days,
    churn_probability,
    is_active,
    churn_reasons,
    run_id
from churn
