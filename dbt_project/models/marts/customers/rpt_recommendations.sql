with offers as (

    select * from {{ ref('stg_ml__customer_offers') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

runs as (

    select * from {{ ref('stg_ml__model_runs') }}

)

select
    offers.customer_key,
    offers.offer_rank,
    offers.product_key,
    offered.product_name,
    offered.category_name,
    offers.because_product_key,
    reasons.product_name as because_product_name,
    cast(offers.score as {{ dbt.type_numeric() }}) as score,
    offers.model,
    coalesce(customers.accepts_marketing, false) as is_contact_allowed,
    runs.created_at as loaded_at
from offers
left join runs on offers.run_id = runs.run_id
inner join customers on offers.customer_key = customers.customer_key
left join products as offered on offers.product_key = offered.product_key
left join products as reasons on offers.because_product_key = reasons.product_key
