with reviews as (

    select * from {{ ref('stg_ml__customer_match_reviews') }}

)

select
    left_customer_record_id,
    right_customer_record_id,
    {{ customer_key('left_customer_record_id') }} as left_customer_key,
    {{ customer_key('right_customer_record_id') }} as right_customer_key,
    match_method,
    cast(match_probability as {{ dbt.type_numeric() }}) as match_probability,
    reason
from reviews
