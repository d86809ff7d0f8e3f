"""What Shopify wrote down of the world by its present: orders, their lines, sales, payments."""

from __future__ import annotations

from typing import Any

from sandbox.world.world import World

ZONE = "America/New_York"
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
        strftime(o.fulfilled_at, {ISO}) as then_fulfilled,
        -- Every other test order is thrown away after three days.
        case when o.is_test and o.order_id % 2 = 0 then o.placed_at + interval 3 day end
            as deleted_at,
        p.name as place_name, p.region, c.email, promotions.code, promotions.discount_ppm,
        row_number() over (partition by o.contact_id order by o.order_id) as nth_order,
        s.session_id, strftime(s.started_at, {ISO}) as visited, s.source, s.medium, s.campaign,
        s.landing_product_id
    from truth.orders o join shopify_places p using (place_id) left join later l using (order_id)
    left join contacts c on c.contact_id = o.contact_id
    left join truth.promotions promotions on promotions.promotion_id = o.promotion_id
    left join truth.web_sessions s on s.order_id = o.order_id and s.order_id > 0
    order by o.order_id""",
    """create view shopify_orders as
    select * exclude (later_at, later, cancelled_at, then_cancelled, then_fulfilled),
        case when fulfilled_at <= now_at() then then_fulfilled end as fulfilled,
        greatest(created, case when later_at <= now_at() then later end, fulfilled) as updated,
        case when cancelled_at <= now_at() then then_cancelled end as cancelled
    from shopify_all_orders
    where order_id <= last_order_id() and not coalesce(deleted_at <= now_at(), false)""",
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
    semi join (select variant_id from shopify_all_lines union select variant_id
        from truth.movements semi join shopify_places using (place_id)) l
        on l.variant_id = v.variant_id
    order by v.variant_id""",
    """create table shopify_movements as
    select place_id, variant_id, happened_at, on_hand, movement_id
    from truth.movements semi join shopify_places using (place_id)
    order by place_id, variant_id, movement_id""",
    # What lies on each shelf, and what is on its way to it.
    f"""create view shopify_levels as
    select place_id, variant_id, arg_max(on_hand, movement_id) as on_hand,
        coalesce(any_value(incoming), 0) as incoming,
        strftime(max(greatest(happened_at, ordered_at)), {ISO}) as moved
    from shopify_movements left join (
        select place_id, variant_id, max(ordered_at) as ordered_at,
            cast(sum(quantity) filter (received_at is null) as bigint) as incoming
        from purchase_lines join purchases using (purchase_id) where variant_id > 0 group by all
    ) using (place_id, variant_id)
    where happened_at <= now_at() group by all""",
    f"""create view shopify_variants as
    select v.* replace (coalesce(k.unit_cost_cents, v.unit_cost_cents) as unit_cost_cents),
        c.price_cents, strftime(midnight(c.began_date), {ISO}) as began, discontinued_at is not null
            as is_archived, is_archived and v.product_id % 2 = 1 as is_deleted,
        strftime(greatest(midnight(c.changed_date), midnight(k.costed_date), discontinued_at),
            {ISO}) as priced, moved, greatest(priced, moved) as changed
    from shopify_all_variants v join (select product_id, discontinued_at from products) p
        using (product_id)
    left join (select variant_id, max(moved) as moved from shopify_levels group by 1) m
        using (variant_id)
    left join (select variant_id, arg_max(unit_cost_cents, valid_from_date) as unit_cost_cents,
            max(valid_from_date) as costed_date from costs group by 1) k using (variant_id)
    join (
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
    # What is gone: nothing of it is left but that.
    f"""create view shopify_deletions as
    select 'Product' as kind, product_id as number, discontinued_at as deleted_at,
        strftime(discontinued_at, {ISO}) as deleted
    from products where discontinued_at is not null and product_id % 2 = 1
        and product_id in (select product_id from shopify_all_variants)
    union all
    select 'Order', order_id, deleted_at, strftime(deleted_at, {ISO}) from shopify_all_orders
    where deleted_at <= now_at()""",
    f"""create view shopify_checkouts as
    select k.*, strftime(left_at, {ISO}) as created, v.sku, v.variant_title, v.title,
        v.product_id
    from checkouts k join shopify_all_variants v using (variant_id)""",
    f"""create view shopify_drafts as
    select d.draft_id, d.status, d.order_id, d.template_order_id, d.contact_id, c.email,
        strftime(d.created_at, {ISO}) as created, strftime(d.completed_at, {ISO}) as completed,
        coalesce(completed, created) as updated
    from drafts d join contacts c using (contact_id)""",
    # Card money of a day, less fees, is on its way after one business day and there after two.
    f"""create table shopify_all_balance as
    select payment_id, order_id, amount_cents, fee_cents, paid_at, strftime(paid_at, {ISO}) as paid,
        cast(timezone('{ZONE}', paid_at) as date) as day,
        case dayofweek(day) when 5 then day + 3 when 6 then day + 2 else day + 1 end as issued_date,
        datediff('day', date '2000-01-01', issued_date) as payout_id, o.name
    from truth.payments join shopify_all_orders o using (order_id)
    where method = 'card' and not is_test order by payment_id""",
    f"""create view shopify_payouts as
    select payout_id, strftime(midnight(issued_date) + interval 8 hour, {ISO}) as issued,
        case when midnight(issued_date) + interval 32 hour <= now_at() then 'PAID'
            else 'IN_TRANSIT' end as status,
        cast(coalesce(sum(amount_cents) filter (amount_cents > 0), 0) as bigint) as charged_cents,
        cast(coalesce(sum(amount_cents) filter (amount_cents < 0), 0) as bigint) as refunded_cents,
        cast(sum(fee_cents) as bigint) as fee_cents
    from shopify_all_balance where midnight(issued_date) + interval 8 hour <= now_at()
    group by payout_id, issued_date order by payout_id""",
    """create view shopify_balance as
    select b.*, p.status from shopify_all_balance b left join shopify_payouts p using (payout_id)
    where paid_at <= now_at() order by payment_id""",
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
