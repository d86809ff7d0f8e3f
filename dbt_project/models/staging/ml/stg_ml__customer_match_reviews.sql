with reviews as (

    select * from {{ source('ml', 'customer_match_reviews') }}

)

select
    left_record_id as left_customer_record_id,
    right_record_id as right_customer_record_id,
    method as match_method,
    probability as match_probability,
    reason
from reviews
