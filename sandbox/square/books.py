"""What Square wrote down of the world: its orders, returns, payments and refunds, with its ids.

Square keeps no trace of test orders. A refund is an order of its own; an exchange is one order that
holds both the returned and the new line.
"""

from __future__ import annotations

from typing import Any

from sandbox.world.world import World

# Each statement builds on those before it. Ids are stable digests, as long as Square's.
STATEMENTS = (
    """create or replace macro square_id(kind, number) as
    upper(substr(md5('square ' || kind || ' ' || cast(number as varchar)), 1, 22))""",
    """create table square_locations as
    select *, 'L' || substr(square_id('location', place_id), 1, 12) as location_id
    from places where system = 'square' order by place_id""",
    """create table square_orders as
    with mine as (
        select o.*, l.location_id from orders o
        join square_locations l using (place_id) where not o.is_test
    ), later as (
        select order_id, max(happened_at) as last_at, count(*) as later_count
        from events where kind <> 'sale' group by order_id
    )
    select
        square_id('order', e.event_id) as id, e.event_id, e.order_id, e.kind = 'sale' as is_sale,
        mine.location_id, e.happened_at as created_at,
        e.happened_at + interval 5 second as closed_at,
        case when e.kind = 'sale'
            then coalesce(later.last_at, e.happened_at) else e.happened_at end
            + interval 6 second as updated_at,
        case when e.kind = 'sale' then 1 + coalesce(later.later_count, 0) else 1 end as version,
        case when mine.contact_id > 0 then square_id('customer', mine.contact_id) end
            as customer_id
    from events e join mine using (order_id) left join later using (order_id)
    order by e.event_id""",
    """create table square_lines as
    select
        o.id as order_document_id, o.event_id, l.order_id, l.line_id, l.line_type, l.action_type,
        l.quantity, l.gross_cents, l.discount_cents, l.reversal_cents, l.tax_cents,
        l.charge_cents, ol.unit_price_cents, ol.quantity as sold_quantity,
        ol.gross_cents as sold_gross_cents, ol.shown_line_discount_cents,
        ol.shown_order_discount_cents, v.variant_title, p.title,
        -- One line in fifty was typed in at the till: no catalog object, no name.
        l.line_type = 'product' and hash(l.line_id) % 50 = 0 as is_custom,
        square_id('variation', l.variant_id) as variation_id
    from event_lines l join square_orders o using (event_id)
    left join order_lines ol using (line_id)
    left join variants v on v.variant_id = l.variant_id
    left join products p on p.product_id = v.product_id
    order by o.event_id, l.line_id""",
    """create table square_payments as
    with sales as (
        select order_id, min(payment_id) as sale_payment_id from payments
        where amount_cents > 0 group by order_id
    )
    select
        p.*, o.id as order_document_id, o.location_id, o.customer_id,
        p.amount_cents < 0 as is_refund,
        square_id('payment', case when p.amount_cents < 0 then s.sale_payment_id
                                  else p.payment_id end) as id,
        square_id('refund', p.payment_id) as refund_id
    from payments p join square_orders o using (event_id) left join sales s on
        s.order_id = p.order_id
    order by p.payment_id""",
    """create table square_variants as
    select
        v.*, p.title, p.category, square_id('variation', v.variant_id) as id,
        square_id('item', v.product_id) as item_id, square_id('category', p.category)
            as category_id,
        c.price_cents, c.changed_date
    from variants v join products p using (product_id)
    join (
        select variant_id, arg_max(price_cents, valid_from_date) as price_cents,
            max(valid_from_date) as changed_date
        from prices group by variant_id
    ) c using (variant_id)
    where v.variant_id in (
        select variant_id from event_lines join square_orders using (event_id)
    )
    order by v.variant_id""",
    """create table square_customers as
    select c.contact_id, square_id('customer', c.contact_id) as id, c.email, c.phone,
        p.given_name, p.family_name, p.is_marketing_allowed, first_at as created_at,
        last_at as updated_at
    from contacts c join people p using (person_id) join (
        select contact_id, min(placed_at) as first_at, max(placed_at) as last_at
        from orders join square_locations using (place_id)
        where contact_id > 0 and not is_test group by contact_id
    ) used using (contact_id) order by c.contact_id""",
)


class Books:
    """Square's tables of a world, with rows as dicts."""

    def __init__(self, world: World) -> None:
        """Write the books of a world that was not opened by Square before."""
        self.settings = world.settings
        self.database = world.database
        for statement in STATEMENTS:
            self.database.execute(statement)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query, each a dict by column."""
        cursor = self.database.cursor()
        cursor.execute("set TimeZone = 'UTC'")
        found = cursor.execute(query, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
