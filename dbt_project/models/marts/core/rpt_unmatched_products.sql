with products as (

    select
        products.*,
        identities.product_key,
        lower(trim(products.product_name)) as comparable_name
    from {{ ref('int_source_products') }} as products
    inner join {{ ref('int_product_identities') }} as identities
        on
            products.source_system = identities.source_system
            and products.source_product_id = identities.source_product_id

),

matched as (

    select product_key
    from products
    group by product_key
    having count(distinct source_system) > 1

),

systems as (

    select count(distinct source_system) as systems_count
    from products

),

-- The same name in another system is a hint, not a proof.
hints as (

    select
        products.source_system,
        products.source_product_id,
        min(twins.source_system) as similar_source_system,
        min(twins.source_product_id) as similar_source_product_id
    from products
    inner join products as twins
        on
            products.comparable_name = twins.comparable_name
            and products.source_system <> twins.source_system
    group by products.source_system, products.source_product_id

)

select
    products.product_key,
    products.source_system,
    products.source_product_id,
    products.sku,
    products.product_name,
    case
        when products.sku is null then 'no SKU in this source'
        else 'no other source has this SKU'
    end as reason,
    hints.similar_source_system,
    hints.similar_source_product_id,
    products.load_number
from products
cross join systems
left join matched on products.product_key = matched.product_key
left join hints
    on
        products.source_system = hints.source_system
        and products.source_product_id = hints.source_product_id
where matched.product_key is null and systems.systems_count > 1
