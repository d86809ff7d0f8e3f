{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key='source_product_id', on_schema_change='fail'
) }}

with sales as (

    select * from {{ ref('stg_spreadsheets__sales') }}
    {% if is_incremental() %}
    where {{ loaded_since_last_build() }}
    {% endif %}

),

names as (

    select
        source_product_id,
        product_name,
        category_name,
        load_number
    from sales
    where source_product_id is not null
    group by source_product_id, product_name, category_name, load_number

),

-- The newest load names the product; inside one load the choice only has to be stable.
ranked as (

    select
        names.*,
        row_number() over (
            partition by source_product_id
            order by load_number desc, product_name asc, category_name asc
        ) as name_rank
    from names

)

select
    source_product_id,
    product_name,
    category_name,
    load_number
from ranked
where name_rank = 1
