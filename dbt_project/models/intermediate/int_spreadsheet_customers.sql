{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='customer_record_id', on_schema_change='fail'
) }}

with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}
    {% if is_incremental() %}
    where {{ loaded_since_last_build() }}
    {% endif %}

),

named as (

    select
        {{ customer_record_id(
            'spreadsheets',
            'coalesce(source_customer_id, customer_email_token, customer_phone_token)'
        ) }} as customer_record_id,
        coalesce(source_customer_id, customer_email_token, customer_phone_token)
            as source_customer_id,
        customer_email_token,
        customer_phone_token,
        coalesce(sold_at, sold_local_at) as first_seen_at,
        load_number
    from sales
    where coalesce(source_customer_id, customer_email_token, customer_phone_token) is not null

),

seen as (

    select * from named
    {% if is_incremental() %}
    union all
    select * from {{ this }}
    where customer_record_id in (select customer_record_id from named)
    {% endif %}

)

select
    customer_record_id,
    max(source_customer_id) as source_customer_id,
    max(customer_email_token) as customer_email_token,
    max(customer_phone_token) as customer_phone_token,
    min(first_seen_at) as first_seen_at,
    max(load_number) as load_number
from seen
group by customer_record_id
