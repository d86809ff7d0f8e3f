with products as (

    select * from {{ ref('stg_shopify__products') }}

),

variants as (

    select * from {{ ref('stg_shopify__variants') }}

),

sold as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

variations as (

    select * from {{ ref('stg_square__variations') }}

),

categories as (

    select * from {{ ref('stg_square__categories') }}

),

sold_variations as (

    select * from {{ ref('stg_square__order_lines') }}

),

shopify_catalogue as (

    select
        'shopify' as source_system,
        variants.source_variant_id as source_product_id,
        variants.sku,
        variants.load_number,
        {{ product_name('products.product_name', 'variants.variation_name') }} as product_name,
        products.category_name,
        cast(null as {{ dbt.type_string() }}) as description
    from variants
    inner join products on variants.source_product_id = products.source_product_id

),

square_catalogue as (

    select
        'square' as source_system,
        variations.source_variation_id as source_product_id,
        variations.sku,
        variations.load_number,
        {{ product_name('variations.item_name', 'variations.variation_name') }} as product_name,
        categories.category_name,
        variations.description
    from variations
    left join categories on variations.source_category_id = categories.source_category_id

),

-- What was sold and is no longer in the catalogue keeps the name that its order gives it.
sold_only as (

    select
        'shopify' as source_system,
        source_product_id,
        min(sku) as sku,
        0 as load_number,
        min({{ product_name('product_name', 'variation_name') }}) as product_name
    from sold
    where source_product_id not in (select source_product_id from shopify_catalogue)
    group by source_product_id
    union all
    select
        'square' as source_system,
        source_variation_id as source_product_id,
        null as sku,
        0 as load_number,
        min({{ product_name('product_name', 'variation_name') }}) as product_name
    from sold_variations
    where
        source_variation_id is not null
        and source_variation_id not in (select source_product_id from square_catalogue)
    group by source_variation_id

)

select * from shopify_catalogue
union all
select * from square_catalogue
union all
select
    source_system,
    source_product_id,
    sku,
    load_number,
    product_name,
    cast(null as {{ dbt.type_string() }}) as category_name,
    cast(null as {{ dbt.type_string() }}) as description
from sold_only
