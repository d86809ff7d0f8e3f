with products as (

    select * from {{ ref('int_source_products') }}

),

identities as (

    select * from {{ ref('int_product_identities') }}

),

costs as (

    select * from {{ ref('int_product_costs') }}
    where valid_until_date is null

),

sale_days as (

    select
        product_key,
        min(first_sale_date) as first_sale_date,
        max(last_sale_date) as last_sale_date
    from {{ ref('fct_product_orders_daily') }}
    group by product_key

),

-- The source that names a product: the owner's own list, else the shop, the till, the books.
ranked as (

    select
        products.*,
        identities.product_key,
        row_number() over (
            partition by identities.product_key
            order by
                case products.source_system
                    when 'spreadsheets' then 1 when 'shopify' then 2 when 'square' then 3 else 4
                end,
                products.source_product_id
        ) as source_rank
    from products
    inner join identities
        on
            products.source_system = identities.source_system
            and products.source_product_id = identities.source_product_id

),

merged as (

    select
        product_key,
        max(case when source_rank = 1 then source_system end) as source_system,
        max(case when source_rank = 1 then source_product_id end) as source_product_id,
        {{ dbt.listagg('source_system', "', '", 'order by source_rank') }} as source_systems,
        {% for name in ('sku', 'product_name', 'category_name', 'description') %}
            coalesce(
                max(case when source_rank = 1 then {{ name }} end),
                max(case when source_rank = 2 then {{ name }} end),
                max(case when source_rank = 3 then {{ name }} end),
                max({{ name }})
            ) as {{ name }},
        {% endfor %}
        count(*) as source_products_count,
        max(load_number) as load_number
    from ranked
    group by product_key

)

select
    merged.product_key,
    merged.source_system,
    merged.source_product_id,
    merged.source_systems,
    cast(merged.source_products_count as {{ dbt.type_bigint() }}) as source_products_count,
    coalesce(merged.sku, merged.source_product_id) as sku,
    coalesce(merged.product_name, merged.source_product_id) as product_name,
    coalesce(merged.category_name, 'Uncategorised') as category_name,
    merged.description,
    cast(costs.unit_cost_amount as {{ dbt.type_numeric() }}) as unit_cost_amount,
    costs.cost_source,
    costs.unit_cost_amount is not null as is_cost_known,
    sale_days.first_sale_date,
    sale_days.last_sale_date,
    greatest(merged.load_number, coalesce(costs.load_number, merged.load_number)) as load_number
from merged
left join costs on merged.product_key = costs.product_key
left join sale_days on merged.product_key = sale_days.product_key
