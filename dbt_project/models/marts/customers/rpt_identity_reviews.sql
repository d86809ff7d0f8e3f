with reviews as (

    select * from {{ ref('stg_ml__customer_match_reviews') }}

),

records as (

    select * from {{ ref('int_customer_persons') }}

)

select
    reviews.left_customer_record_id,
    reviews.right_customer_record_id,
    {{ customer_key('reviews.left_customer_record_id') }} as left_customer_key,
    {{ customer_key('reviews.right_customer_record_id') }} as right_customer_key,
    reviews.match_method,
    cast(reviews.match_probability as {{ dbt.type_numeric() }}) as match_probability,
    reviews.reason,
    greatest(left_records.known_number, right_records.known_number) as load_number
from reviews
left join records as left_records
    on reviews.left_customer_record_id = left_records.customer_record_id
left join records as right_records
    on reviews.right_customer_record_id = right_records.customer_record_id
