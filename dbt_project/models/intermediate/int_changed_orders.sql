-- Each part reads its own rows, so that the ledger's question for newer ones reaches them.
select
    source_order_id,
    'arrived' as reason,
    load_number
from {{ ref('int_sale_arrivals') }}
union all
select
    source_order_id,
    'superseded' as reason,
    superseded_number as load_number
from {{ ref('int_sale_arrivals') }}
where superseded_number is not null
union all
-- A return whose sale becomes known moves to the order of that sale.
select
    source_order_id,
    'belongs_to_another_sale' as reason,
    load_number
from {{ ref('int_square_orders') }}
where has_return and sold_in_order_id <> source_order_id
union all
select
    sales.source_order_id,
    'product_identified' as reason,
    products.changed_number as load_number
from {{ ref('int_sale_arrivals') }} as sales
inner join {{ ref('int_product_identities') }} as products
    on sales.source_product_id = products.source_product_id
union all
select
    source_order_id,
    'matched' as reason,
    changed_number as load_number
from {{ ref('int_sale_matches') }}
union all
-- What repeats a sale stands at its place.
select
    matches.source_order_id,
    'matched_sale_changed' as reason,
    sales.load_number
from {{ ref('int_sale_matches') }} as matches
inner join {{ ref('int_shopify_orders') }} as sales
    on matches.canonical_order_id = sales.source_order_id
where matches.canonical_system = 'shopify'
