{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key=['source_system', 'source_product_id'], on_schema_change='fail',
    full_refresh=false
) }}
-- Built anew never: it remembers when a key changed.

with products as (

    select
        source_system,
        source_product_id,
        {{ normalised_sku('sku') }} as sku,
        load_number
    from {{ ref('int_source_products') }}

),

-- A number that one source gives to two products identifies neither.
numbered as (

    select
        source_system,
        sku
    from products
    where sku is not null
    group by source_system, sku
    having count(*) = 1

),

identified as (

    select
        products.source_system,
        products.source_product_id,
        numbered.sku,
        case
            when numbered.sku is not null then {{ surrogate_key(["'sku'", 'numbered.sku']) }}
            else {{ surrogate_key(['products.source_system', 'products.source_product_id']) }}
        end as product_key,
        products.load_number
    from products
    left join numbered
        on products.source_system = numbered.source_system and products.sku = numbered.sku

)

{% if is_incremental() %}
    -- A key that changes takes the lines of its product along; one that stays touches nothing.
    select
        identified.source_system,
        identified.source_product_id,
        identified.sku,
        identified.product_key,
        case
            when known.product_key is null then identified.load_number
            else {{ next_load_number() }}
        end as changed_number
    from identified
    left join {{ this }} as known
        on
            identified.source_system = known.source_system
            and identified.source_product_id = known.source_product_id
    where known.product_key is null or known.product_key <> identified.product_key
{% else %}
    select
        source_system,
        source_product_id,
        sku,
        product_key,
        load_number as changed_number
    from identified
{% endif %}
