"""What Shopify wrote down of the world by its present: orders, their lines, sales, payments."""

from __future__ import annotations

from typing import Any

from sandbox.world.world import World

ISO = "'%Y-%m-%dT%H:%M:%SZ'"
# Each statement builds on those before it. Tables hold the whole world, the views over them what
# has happened by the present. Rows of an order stand together, so that a batch of neighbouring
# orders reads few blocks.
STATEMENTS = (
    """create table shopify_places as
    select * from places where system = 'shopify' order by place_id""",
    f"""create table shopify_all_orders as
    with later as (
        select order_id, max(happened_at) as later_at,
            min(case when kind = 'cancellation' then happened_at end) as cancelled_at
        from truth.events where kind <> 'sale' group by order_id
    )
    select o.*, '#' || (1000 + row_number() over (order by o.order_id)) as name,
        strftime(o.placed_at, {ISO}) as created, l.later_at, strftime(l.later_at, {ISO}) as later,
        l.cancelled_at, strftime(l.cancelled_at, {ISO}) as then_cancelled,
        p.name as place_name, p.region, c.email, promotions.code, promotions.discount_ppm
    from truth.orders o join shopify_places p using (place_id) left join later l using (order_id)
    left join contacts c on c.contact_id = o.contact_id
    left join truth.promotions promotions on promotions.promotion_id = o.promotion_id
    order by o.order_id""",
    """create view shopify_orders as
    select * exclude (later_at, later, cancelled_at, then_cancelled),
        case when later_at <= now_at() then later else created end as updated,
        case when cancelled_at <= now_at() then then_cancelled end as cancelled
    from shopify_all_orders where order_id <= last_order_id()""",
    """create table shopify_all_lines as
    select l.*, v.sku, v.variant_title, v.product_id, p.title, p.category
    from truth.order_lines l semi join shopify_all_orders o using (order_id)
    join variants v using (variant_id) join products p using (product_id)
    order by l.order_id, l.line_id""",
    """create view shopify_lines as
    from shopify_all_lines where added_at <= now_at()""",
    f"""create table shopify_all_sales as
    select row_number() over (order by l.event_id, l.line_id, l.line_type) as sale_id, l.*,
        e.kind, strftime(e.happened_at, {ISO}) as happened
    from truth.event_lines l join truth.events e using (event_id)
    semi join shopify_all_orders o on o.order_id = l.order_id
    order by l.order_id, l.event_id, l.line_id, l.line_type""",
    """create view shopify_sales as
    from shopify_all_sales where event_id <= last_event_id()""",
    f"""create table shopify_all_payments as
    select p.*, strftime(p.paid_at, {ISO}) as paid
    from truth.payments p semi join shopify_all_orders o using (order_id)
    order by p.order_id, p.payment_id""",
    """create view shopify_payments as
    from shopify_all_payments where event_id <= last_event_id()""",
    """create table shopify_all_variants as
    select v.*, p.title, p.category from variants v join products p using (product_id)
    semi join shopify_all_lines l on l.variant_id = v.variant_id
    order by v.variant_id""",
    f"""create view shopify_variants as
    select v.*, c.price_cents, strftime(midnight(c.changed_date), {ISO}) as changed,
        strftime(midnight(c.began_date), {ISO}) as began
    from shopify_all_variants v join (
        select variant_id, arg_max(price_cents, valid_from_date) as price_cents,
            max(valid_from_date) as changed_date, min(valid_from_date) as began_date
        from prices group by variant_id
    ) c using (variant_id)""",
    """create view shopify_customers as
    select c.contact_id, c.email, c.phone, p.given_name, p.family_name, p.is_marketing_allowed,
        used.orders_count, used.created, used.updated
    from contacts c join people p using (person_id) join (
        select contact_id, count(*) filter (where not is_test) as orders_count,
            min(created) as created, max(created) as updated
        from shopify_all_orders where contact_id > 0 and order_id <= last_order_id()
        group by contact_id
    ) used using (contact_id)""",
)


class Tables:
    """Shopify's tables of a world, with rows as dicts; may be read from many threads."""

    def __init__(self, world: World) -> None:
        """Open the tables of a world; they are written when they are opened first."""
        self.settings = world.settings
        self._database = world.database
        if not world.rows("from duckdb_tables() where table_name = 'shopify_places'"):
            for statement in STATEMENTS:
                self._database.execute(statement)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query, each a dict by column."""
        found = self._database.cursor().execute(query, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
