"""What Square wrote down of the world by its present: orders, returns, payments, with their ids.

Square keeps no trace of test orders. A refund is an order of its own; an exchange is one order that
holds both the returned and the new line.
"""

from __future__ import annotations

from typing import Any

from sandbox.world.world import World

# Each statement builds on those before it. Tables hold the whole world, the views over them what
# has happened by the present. Ids are stable digests, as long as Square's.
STATEMENTS = (
    """create macro square_id(kind, number) as
    upper(substr(md5('square ' || kind || ' ' || cast(number as varchar)), 1, 22))""",
    """create table square_locations as
    select *, 'L' || substr(square_id('location', place_id), 1, 12) as location_id
    from places where system = 'square' order by place_id""",
    """create table square_all_orders as
    with mine as (
        select o.*, l.location_id from truth.orders o
        join square_locations l using (place_id) where not o.is_test
    ), later as (
        select order_id, max(happened_at) as later_at
        from truth.events where kind <> 'sale' group by order_id
    )
    select
        square_id('order', e.event_id) as id, e.event_id, e.order_id, e.kind = 'sale' as is_sale,
        mine.location_id, e.happened_at - interval 40 second as created_at,
        e.happened_at as closed_at, case when e.kind = 'sale' then later.later_at end as later_at,
        case when mine.contact_id > 0 then square_id('customer', mine.contact_id) end
            as customer_id, mine.contact_id
    from truth.events e join mine using (order_id) left join later using (order_id)
    order by e.event_id""",
    # What comes back later changes the sale too: it is an update of the order.
    """create view square_orders as
    select * exclude (later_at), coalesce(later_at <= now_at(), false) as is_changed,
        case when is_changed then later_at else closed_at end as updated_at,
        1 + cast(is_changed as integer) as version
    from square_all_orders where event_id <= last_event_id()""",
    """create table square_lines as
    select
        o.id as order_document_id, o.event_id, l.order_id, l.line_id, l.line_type, l.action_type,
        l.quantity, l.gross_cents, l.discount_cents, l.reversal_cents, l.tax_cents,
        l.charge_cents, ol.unit_price_cents, ol.quantity as sold_quantity,
        ol.gross_cents as sold_gross_cents, ol.shown_line_discount_cents,
        ol.shown_order_discount_cents, v.variant_title, p.title,
        -- One line in fifty was typed in at the till: no catalog object, no name.
        l.line_type = 'product' and hash(l.line_id) % 50 = 0 as is_custom,
        square_id('variation', l.variant_id) as variation_id, l.variant_id
    from truth.event_lines l join square_all_orders o using (event_id)
    left join truth.order_lines ol using (line_id)
    left join variants v on v.variant_id = l.variant_id
    left join products p on p.product_id = v.product_id
    order by o.event_id, l.line_id""",
    """create table square_all_payments as
    with sales as (
        select order_id, min(payment_id) as sale_payment_id from truth.payments
        where amount_cents > 0 group by order_id
    ), refunded as (
        select order_id, max(paid_at) as refunded_at from truth.payments
        where amount_cents < 0 group by order_id
    )
    select
        p.*, o.id as order_document_id, o.location_id, o.customer_id,
        p.amount_cents < 0 as is_refund,
        square_id('payment', case when p.amount_cents < 0 then s.sale_payment_id
                                  else p.payment_id end) as id,
        square_id('refund', p.payment_id) as refund_id,
        case when p.payment_id = s.sale_payment_id then r.refunded_at end as refunded_at
    from truth.payments p join square_all_orders o using (event_id)
    left join sales s on s.order_id = p.order_id
    left join refunded r on r.order_id = p.order_id
    order by p.payment_id""",
    """create view square_payments as
    select * exclude (refunded_at),
        case when refunded_at <= now_at() then refunded_at else paid_at end as updated_at
    from square_all_payments where event_id <= last_event_id()""",
    """create table square_all_variants as
    select
        v.*, p.title, p.category, square_id('variation', v.variant_id) as id,
        square_id('item', v.product_id) as item_id, square_id('category', p.category)
            as category_id
    from variants v join products p using (product_id)
    where v.variant_id in (select variant_id from square_lines)
    order by v.variant_id""",
    """create view square_variants as
    select v.*, c.price_cents, midnight(c.changed_date) as changed_at
    from square_all_variants v join (
        select variant_id, arg_max(price_cents, valid_from_date) as price_cents,
            max(valid_from_date) as changed_date
        from prices group by variant_id
    ) c using (variant_id)""",
    # A customer's visits stand together, so that a page of customers reads few of them.
    """create table square_visits as
    select contact_id, closed_at as visited_at from square_all_orders
    where is_sale and contact_id > 0 order by contact_id, visited_at""",
    """create table square_contacts as
    select c.contact_id, square_id('customer', c.contact_id) as id, c.email, c.phone,
        p.given_name, p.family_name, p.is_marketing_allowed
    from contacts c join people p using (person_id) semi join square_visits v
        on v.contact_id = c.contact_id
    order by c.contact_id""",
    """create view square_customers as
    select c.*, first_at as created_at, last_at as updated_at from square_contacts c join (
        select contact_id, min(visited_at) as first_at, max(visited_at) as last_at
        from square_visits where visited_at <= now_at() group by contact_id
    ) used using (contact_id)""",
)


class Books:
    """Square's tables of a world, with rows as dicts."""

    def __init__(self, world: World) -> None:
        """Open the books of a world; they are written when they are opened first."""
        self.settings = world.settings
        self.database = world.database
        if not world.rows("from duckdb_tables() where table_name = 'square_locations'"):
            for statement in STATEMENTS:
                self.database.execute(statement)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query, each a dict by column."""
        found = self.database.cursor().execute(query, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
