with from_spreadsheets as (

    select * from {{ ref('int_spreadsheet_customers') }}

),

from_shopify as (

    select * from {{ ref('stg_shopify__customers') }}

),

guests_of_shopify as (

    select * from {{ ref('stg_shopify__orders') }}
    where source_customer_id is null and customer_email_token is not null

),

from_square as (

    select * from {{ ref('stg_square__customers') }}

),

people as (

    select
        {{ source_person('customer_email_token', 'source_customer_id') }} as person_id,
        source_customer_id,
        loaded_at
    from from_shopify
    union all
    select
        {{ source_person('customer_email_token', 'source_customer_id') }} as person_id,
        source_customer_id,
        loaded_at
    from from_square
    union all
    select
        customer_email_token as person_id,
        customer_email_token as source_customer_id,
        loaded_at
    from guests_of_shopify

),

identified as (

    select
        customer_key,
        source_customer_ids as source_customer_id,
        loaded_at
    from from_spreadsheets
    union all
    select
        {{ customer_key('person_id', 'null', 'null') }} as customer_key,
        source_customer_id,
        loaded_at
    from people

),

once as (

    select
        customer_key,
        source_customer_id,
        max(loaded_at) as loaded_at
    from identified
    group by customer_key, source_customer_id

)

select
    customer_key,
    {{ dbt.listagg('source_customer_id', "', '", 'order by source_customer_id') }}
        as source_customer_ids,
    max(loaded_at) as loaded_at
from once
group by customer_key
