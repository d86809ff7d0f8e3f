{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='customer_key', on_schema_change='fail'
) }}

with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}
    {% if is_incremental() %}
    where {{ loaded_since_last_build() }}
    {% endif %}

),

identified as (

    select
        {{ customer_key('source_customer_id', 'customer_email_token', 'customer_phone_token') }}
            as customer_key,
        coalesce(source_customer_id, customer_email_token, customer_phone_token)
            as source_customer_ids,
        loaded_at
    from sales
    where coalesce(source_customer_id, customer_email_token, customer_phone_token) is not null

)

select
    customer_key,
    max(source_customer_ids) as source_customer_ids,
    max(loaded_at) as loaded_at
from identified
group by customer_key
