"""What Square wrote down of the world by its present: orders, returns, payments, with their ids.

Square keeps no trace of test orders. A refund is an order of its own; an exchange is one order that
holds both the returned and the new line.
"""

from __future__ import annotations

from typing import Any

from sandbox.square import back_office
from sandbox.world.world import World

# Numbers of copies lie behind those of all events, lines and payments.
FIRST_COPY = 10**12

# Each statement builds on those before it. Tables hold the whole world, the views over them what
# has happened by the present. Ids are stable digests, as long as Square's.
STATEMENTS = (
    """create macro square_id(kind, number) as
    upper(substr(md5('square ' || kind || ' ' || cast(number as varchar)), 1, 22))""",
    # A place of the other system whose counter has Square's card reader is a location too.
    """create table square_locations as
    select *, 'L' || substr(square_id('location', place_id), 1, 12) as location_id
    from places where system = 'square' or place_id in (
        select place_id from truth.copies join truth.orders using (order_id)
        where other_system = 'square')
    order by place_id""",
    # Sales of that place which Square knows only as a card payment, numbered behind all events.
    f"""create table square_copies as
    with named as (
        select order_id, '#' || (1000 + row_number() over (order by order_id)) as name
        from truth.orders join places using (place_id) where system = 'shopify'
    )
    select {FIRST_COPY} + copy_id as number, c.order_id, location_id, copied_at, amount_cents,
        fee_cents, case when how = 'reference' then named.name end as reference
    from truth.copies c join named using (order_id) join truth.orders o on o.order_id = c.order_id
    join square_locations l on l.place_id = o.place_id where other_system = 'square'""",
    """create table square_all_orders as
    with mine as (
        select o.*, l.location_id from truth.orders o
        join square_locations l using (place_id) where not o.is_test and system = 'square'
    ), later as (
        select order_id, max(happened_at) as later_at
        from truth.events where kind <> 'sale' group by order_id
    )
    select
        square_id('order', e.event_id) as id, e.event_id, e.order_id, e.kind = 'sale' as is_sale,
        mine.location_id, e.happened_at - interval 40 second as created_at,
        e.happened_at as closed_at, case when e.kind = 'sale' then later.later_at end as later_at,
        case when mine.contact_id > 0 then square_id('customer', mine.contact_id) end
            as customer_id, mine.contact_id, null::varchar as reference
    from truth.events e join mine using (order_id) left join later using (order_id)
    union all
    select square_id('copy', number), number, order_id, true, location_id,
        copied_at - interval 40 second, copied_at, null, null, 0, reference
    from square_copies
    order by event_id""",
    # What comes back later changes the sale too: it is an update of the order.
    """create view square_orders as
    select * exclude (later_at), coalesce(later_at <= now_at(), false) as is_changed,
        case when is_changed then later_at else closed_at end as updated_at,
        1 + cast(is_changed as integer) as version
    from square_all_orders where closed_at <= now_at()""",
    """create table square_stocked as
    select distinct variant_id from truth.movements""",
    """create table square_lines as
    select
        o.id as order_document_id, o.event_id, l.order_id, l.line_id, l.line_type, l.action_type,
        l.quantity, l.gross_cents, l.discount_cents, l.reversal_cents, l.tax_cents,
        l.charge_cents, ol.unit_price_cents, ol.quantity as sold_quantity,
        ol.gross_cents as sold_gross_cents, ol.shown_line_discount_cents,
        ol.shown_order_discount_cents, v.variant_title, p.title,
        -- Dishes are typed in at the till now and then: no catalog object, no name.
        l.line_type = 'product' and hash(l.line_id) % 40 = 0
            and l.variant_id not in (from square_stocked) as is_custom,
        square_id('variation', l.variant_id) as variation_id, l.variant_id,
        p.category = 'Coffee' and hash(l.line_id) % 3 = 0 as has_modifier
    from truth.event_lines l join square_all_orders o using (event_id)
    left join truth.order_lines ol using (line_id)
    left join variants v on v.variant_id = l.variant_id
    left join products p on p.product_id = v.product_id
    union all by name
    select square_id('copy', number) as order_document_id, number as event_id, order_id,
        number as line_id, 'product' as line_type, 'order' as action_type, 1 as quantity,
        amount_cents as gross_cents, 0 as discount_cents, 0 as reversal_cents, 0 as tax_cents,
        0 as charge_cents, amount_cents as unit_price_cents, 1 as sold_quantity,
        amount_cents as sold_gross_cents, 0 as shown_line_discount_cents,
        0 as shown_order_discount_cents, true as is_custom, 0 as variant_id,
        false as has_modifier
    from square_copies
    order by event_id, line_id""",
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
        case when p.payment_id = s.sale_payment_id then r.refunded_at end as refunded_at,
        null::varchar as reference
    from truth.payments p join square_all_orders o using (event_id)
    left join sales s on s.order_id = p.order_id
    left join refunded r on r.order_id = p.order_id
    union all by name
    select number as payment_id, number as event_id, order_id, copied_at as paid_at,
        'card' as method, amount_cents, 0 as tip_cents, fee_cents, 0 as gift_card_id,
        square_id('copy', number) as order_document_id, location_id, false as is_refund,
        square_id('copy payment', number) as id, reference
    from square_copies
    order by payment_id""",
    """create view square_payments as
    select * exclude (refunded_at),
        case when refunded_at <= now_at() then refunded_at else paid_at end as updated_at
    from square_all_payments where paid_at <= now_at()""",
    """create table square_all_variants as
    select
        v.*, p.title, p.category, square_id('variation', v.variant_id) as id,
        square_id('item', v.product_id) as item_id, square_id('category', p.category)
            as category_id
    from variants v join products p using (product_id)
    where v.variant_id in (select variant_id from square_lines) or v.variant_id in (
        select variant_id from truth.movements join square_locations using (place_id)
        where system = 'square')
    order by v.variant_id""",
    """create view square_variants as
    select v.*, c.price_cents, greatest(midnight(c.changed_date), p.discontinued_at) as changed_at,
        p.discontinued_at is not null as is_deleted,
        v.variant_id in (from square_stocked) as is_stocked
    from square_all_variants v join (select product_id, discontinued_at from products) p
        using (product_id) join (
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
            for statement in (*STATEMENTS, *back_office.STATEMENTS):
                self.database.execute(statement)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query, each a dict by column."""
        found = self.database.cursor().execute(query, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
