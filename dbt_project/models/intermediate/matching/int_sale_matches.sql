{{ config(
    materialized='incremental', incremental_strategy='delete+insert',
    unique_key=['source_system', 'source_order_id'], on_schema_change='fail', full_refresh=false
) }}
-- Built anew never: it remembers when a sale was recognised, or turned out to be another.
with square_orders as (

    select * from {{ ref('stg_square__orders') }}

),

documents as (

    select
        sales.*,
        greatest(sales.load_number, coalesce(persons.known_number, sales.load_number)) as known_number
    from {{ ref('int_quickbooks_sales') }} as sales
    left join {{ ref('int_customer_persons') }} as persons
        on sales.customer_record_id = persons.customer_record_id

),

shopify_orders as (

    select * from {{ ref('int_shopify_orders') }}

),

matches as (

    select
        'square' as source_system,
        matches.source_order_id,
        'shopify' as canonical_system,
        matches.shopify_order_id as canonical_order_id,
        matches.match_method,
        matches.match_confidence,
        greatest(square_orders.load_number, shopify_orders.load_number) as known_number
    from {{ ref('int_sale_matches_from_square') }} as matches
    inner join square_orders on matches.source_order_id = square_orders.source_order_id
    inner join shopify_orders on matches.shopify_order_id = shopify_orders.source_order_id
    union all
    select
        'quickbooks' as source_system,
        matches.source_order_id,
        'shopify' as canonical_system,
        matches.shopify_order_id as canonical_order_id,
        matches.match_method,
        matches.match_confidence,
        greatest(documents.known_number, shopify_orders.load_number) as known_number
    from {{ ref('int_sale_matches_from_quickbooks') }} as matches
    inner join documents on matches.source_order_id = documents.source_order_id
    inner join shopify_orders on matches.shopify_order_id = shopify_orders.source_order_id
    union all
    -- A summary stands for all orders of a day, so no single one is the sale that it repeats.
    select
        'quickbooks' as source_system,
        source_order_id,
        'square' as canonical_system,
        min({{ dbt.concat(["location_name", "' '", "sale_date"]) }}) as canonical_order_id,
        'date_location_amount' as match_method,
        0.99 as match_confidence,
        max(load_number) as known_number
    from {{ ref('int_square_day_matches') }}
    group by source_order_id

),

compared as (

    select
        *,
        max(case canonical_system when 'shopify' then 1 else 0 end) over (
            partition by source_system, source_order_id
        ) as repeats_one_order
    from matches

),

-- The only sale of a slow day equals that day's sales: what repeats one order sums up none.
typed as (

    select
        source_system,
        source_order_id,
        canonical_system,
        canonical_order_id,
        match_method,
        cast(match_confidence as {{ dbt.type_numeric() }}) as match_confidence,
        known_number as changed_number
    from compared
    where canonical_system = 'shopify' or repeats_one_order = 0

)

{% if is_incremental() %}
    -- Two old sales may belong together from now on, because another one went its own way.
    select
        typed.source_system,
        typed.source_order_id,
        typed.canonical_system,
        typed.canonical_order_id,
        typed.match_method,
        typed.match_confidence,
        {{ next_load_number() }} as changed_number
    from typed
    left join {{ this }} as known
        on
            typed.source_system = known.source_system
            and typed.source_order_id = known.source_order_id
    where
        known.source_order_id is null
        or coalesce(known.canonical_order_id, '') <> typed.canonical_order_id
        or coalesce(known.match_method, '') <> typed.match_method
        or coalesce(known.match_confidence, -1) <> typed.match_confidence
    union all
    -- No match any more: the sale is its own again.
    select
        known.source_system,
        known.source_order_id,
        cast(null as {{ dbt.type_string() }}) as canonical_system,
        cast(null as {{ dbt.type_string() }}) as canonical_order_id,
        cast(null as {{ dbt.type_string() }}) as match_method,
        cast(null as {{ dbt.type_numeric() }}) as match_confidence,
        {{ next_load_number() }} as changed_number
    from {{ this }} as known
    left join typed
        on
            known.source_system = typed.source_system
            and known.source_order_id = typed.source_order_id
    where typed.source_order_id is null and known.canonical_system is not null
{% else %}
    select * from typed
{% endif %}
