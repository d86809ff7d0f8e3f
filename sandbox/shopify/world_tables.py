"""What Shopify wrote down of the world, as tables: its orders, their lines, sales and payments."""

from __future__ import annotations

import threading
from typing import Any

from sandbox.world.world import World

ISO = "'%Y-%m-%dT%H:%M:%SZ'"
# Each statement builds on those before it. Rows of an order stand together, so that a batch of
# neighbouring orders reads few blocks.
STATEMENTS = (
    """create or replace table shopify_places as
    select * from places where system = 'shopify' order by place_id""",
    f"""create or replace table shopify_orders as
    with newest as (
        select order_id, max(happened_at) as updated_at,
            min(case when kind = 'cancellation' then happened_at end) as cancelled_at
        from events group by order_id
    )
    select o.*, '#' || (1000 + row_number() over (order by o.order_id)) as name,
        strftime(o.placed_at, {ISO}) as created, strftime(n.updated_at, {ISO}) as updated,
        strftime(n.cancelled_at, {ISO}) as cancelled, p.name as place_name, p.region,
        c.email, promotions.code, promotions.discount_ppm
    from orders o join shopify_places p using (place_id) join newest n using (order_id)
    left join contacts c on c.contact_id = o.contact_id
    left join promotions on promotions.promotion_id = o.promotion_id
    order by o.order_id""",
    """create or replace table shopify_lines as
    select l.*, v.sku, v.variant_title, v.product_id, p.title, p.category
    from order_lines l semi join shopify_orders o using (order_id)
    join variants v using (variant_id) join products p using (product_id)
    order by l.order_id, l.line_id""",
    f"""create or replace table shopify_sales as
    select row_number() over (order by l.event_id, l.line_id, l.line_type) as sale_id, l.*,
        e.kind, strftime(e.happened_at, {ISO}) as happened
    from event_lines l join events e using (event_id)
    semi join shopify_orders o on o.order_id = l.order_id
    order by l.order_id, l.event_id, l.line_id, l.line_type""",
    f"""create or replace table shopify_payments as
    select p.*, strftime(p.paid_at, {ISO}) as paid
    from payments p semi join shopify_orders o using (order_id)
    order by p.order_id, p.payment_id""",
    f"""create or replace table shopify_variants as
    select v.*, p.title, p.category, c.price_cents, strftime(c.changed_date, {ISO}) as changed
    from variants v join products p using (product_id) join (
        select variant_id, arg_max(price_cents, valid_from_date) as price_cents,
            max(valid_from_date) as changed_date
        from prices group by variant_id
    ) c using (variant_id) semi join shopify_lines l on l.variant_id = v.variant_id
    order by v.variant_id""",
    """create or replace table shopify_customers as
    select c.contact_id, c.email, c.phone, p.given_name, p.family_name, p.is_marketing_allowed,
        used.orders_count, used.created, used.updated
    from contacts c join people p using (person_id) join (
        select contact_id, count(*) filter (where not is_test) as orders_count,
            min(created) as created, max(created) as updated
        from shopify_orders where contact_id > 0 group by contact_id
    ) used using (contact_id) order by c.contact_id""",
)


class Tables:
    """Shopify's tables of a world, with rows as dicts; may be read from many threads."""

    def __init__(self, world: World) -> None:
        """Write the tables; a world opened again gets the same ones anew."""
        self.settings = world.settings
        self._database = world.database
        self._lock = threading.Lock()
        for statement in STATEMENTS:
            self._database.execute(statement)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query, each a dict by column."""
        with self._lock:
            cursor = self._database.cursor()
        cursor.execute("set TimeZone = 'UTC'")
        found = cursor.execute(query, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
