"""A generated world as Shopify shows it, and Shopify's own report of it.

Orders are made of the tables in batches as they are asked for; what is few (products, customers,
locations) is held in memory. The report is summed from the ledger and never sees a document.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.shopify.documents import (
    Document,
    Page,
    Position,
    ReportRequest,
    number_of,
)
from sandbox.shopify.search import Search, interval
from sandbox.shopify.shopifyql import ParseError
from sandbox.shopify.world_baskets import Row, decimal
from sandbox.shopify.world_few import FewDocuments
from sandbox.shopify.world_orders import OrderDocuments
from sandbox.shopify.world_payouts import PaymentsDocuments
from sandbox.shopify.world_tables import ZONE, Tables
from sandbox.world.world import World

_BATCH = 1000
_SORTED_BY = {"createdAt": "created", "processedAt": "created", "updatedAt": "updated"}
_SEARCHED = {"created_at": "created", "processed_at": "created", "updated_at": "updated"}
# Reversals and discounts are negative in Shopify's reports, so that the columns add up.
_REPORT = """
select cast(timezone(?, e.happened_at) as date) as day, o.trade = 'retail' as is_pos, o.place_name,
    count(distinct case when e.kind = 'sale' then e.order_id end) as orders,
    sum(gross_cents) as gross_sales, -sum(discount_cents) as discounts,
    -sum(reversal_cents) as sales_reversals,
    sum(gross_cents - discount_cents - reversal_cents) as net_sales, sum(tax_cents) as taxes,
    coalesce(sum(charge_cents) filter (line_type = 'shipping'), 0) as shipping_charges,
    coalesce(sum(charge_cents) filter (line_type = 'fee'), 0) as fees,
    coalesce(sum(charge_cents) filter (line_type = 'tip'), 0) as tips,
    coalesce(sum(charge_cents) filter (line_type = 'gift_card'), 0) as gift_card_sales,
    coalesce(sum(l.quantity) filter (line_type = 'product' and l.quantity > 0), 0)
        as quantity_ordered,
    coalesce(-sum(l.quantity) filter (line_type = 'product' and l.quantity < 0), 0)
        as reversed_quantity
from events e join event_lines l using (event_id)
join shopify_orders o on o.order_id = e.order_id
where not o.is_test group by all having day between ? and ? order by all
"""
# Without the robots: a session is counted on the day it began.
_SESSIONS = """
select cast(timezone(?, started_at) as date) as day, source as referrer_source,
    count(*) as sessions, count(distinct visitor_id) as online_store_visitors,
    count(*) filter (has_cart) as sessions_with_cart_additions,
    count(*) filter (has_checkout) as sessions_that_reached_checkout,
    count(*) filter (order_id > 0) as sessions_that_completed_checkout
from web_sessions group by all having day between ? and ? order by all
"""
# What the reports can be asked for; all else is refused rather than answered with nothing.
_REPORTED = {
    "sales": {"day", "month", "sales_channel", "pos_location_name", "orders", "gross_sales",
              "discounts", "sales_reversals", "net_sales", "taxes", "shipping_charges", "fees",
              "tips", "gift_card_sales", "total_sales", "quantity_ordered", "reversed_quantity",
              "net_items_sold"},
    "sessions": {"day", "month", "referrer_source", "sessions", "online_store_visitors",
                 "sessions_with_cart_additions", "sessions_that_reached_checkout",
                 "sessions_that_completed_checkout"},
}  # fmt: skip
_COUNTS = ("orders", "quantity_ordered", "reversed_quantity", "net_items_sold")


class WorldDocuments:
    """The ``Documents`` of a generated world."""

    def __init__(self, world: World) -> None:
        """Project a world, which must stay open as long as its documents are read."""
        self._world = world
        self._tables = Tables(world)
        self._orders = OrderDocuments(self._tables)
        self._payments = PaymentsDocuments(self._tables)
        self._renewing = threading.Lock()
        self._few_then = FewDocuments(self._tables, world.now)

    @property
    def _few(self) -> FewDocuments:
        """What is few, as of the present of the world."""
        known = self._few_then
        if known.now == self._world.now:
            return known
        with self._renewing:
            if self._few_then.now != self._world.now:
                self._few_then = self._few_then.at(self._world.now)
            return self._few_then

    # --- the protocol ---------------------------------------------------------------------

    def single(self, field_name: str) -> Document | None:
        """See `Documents.single`."""
        return self._few.single(field_name)

    def get(self, type_name: str, ids: Sequence[str]) -> Mapping[str, Document]:
        """See `Documents.get`."""
        if type_name != "Order":
            return self._few.get(type_name, ids)
        numbers = [number_of(one) for one in ids]
        rows = self._tables.rows(
            "from shopify_orders where order_id in (select unnest(?)) order by order_id", numbers
        )
        return {document["id"]: document for document in self._orders.documents(rows)}

    def page(
        self,
        type_name: str,
        *,
        search: Search,
        sort: str,
        reverse: bool,
        after: Position | None,
        first: int,
    ) -> Page:
        """See `Documents.page`."""
        if type_name != "Order":
            return self._few.page(
                type_name, search=search, sort=sort, reverse=reverse, after=after, first=first
            )
        taken: list[Document] = []
        for document in self._found(search, sort, reverse, after, first + 1):
            taken.append(document)
            if len(taken) > first:
                break
        return Page(taken[:first], len(taken) > first)

    def stream(
        self, type_name: str, *, search: Search, sort: str, reverse: bool
    ) -> Iterator[Document]:
        """See `Documents.stream`."""
        if type_name != "Order":
            return self._few.stream(type_name, search=search, sort=sort, reverse=reverse)
        return self._found(search, sort, reverse, None, _BATCH)

    def children(
        self, type_name: str, field_name: str, parents: Sequence[Document]
    ) -> Mapping[str, Sequence[Document | str]]:
        """See `Documents.children`; orders and products hold theirs."""
        if type_name == "ShopifyPaymentsAccount":
            rows = self._payments.rows(field_name, self._world.now)
            return {parent["id"]: rows for parent in parents}
        return self._few.children(type_name, field_name, parents)

    def _found(
        self, search: Search, sort: str, reverse: bool, after: Position | None, size: int
    ) -> Iterator[Document]:
        """Orders that match, read in batches, each behind the last row of the one before."""
        # Orders are numbered as they come: what has no column to sort by is sorted by id.
        column = _SORTED_BY.get(sort, "order_id")
        conditions, values = _pushed(search)
        edge = (after.value, number_of(after.document_id)) if after else None
        sign, way = ("<", "desc") if reverse else (">", "asc")
        while True:
            where, bound = list(conditions), list(values)
            if edge is not None:
                if column == "order_id":
                    where.append(f"order_id {sign} ?")
                    bound.append(edge[1])
                else:
                    where.append(f"({column}, order_id) {sign} (?, ?)")
                    bound.extend(edge)
            rows = self._tables.rows(
                f"from shopify_orders where {' and '.join(['true', *where])} "
                f"order by {column} {way}, order_id {way} limit {size}",
                *bound,
            )
            yield from filter(search.matches, self._orders.documents(rows))
            if len(rows) < size:
                return
            edge = (rows[-1][column], rows[-1]["order_id"])
            size = _BATCH

    def report(self, request: ReportRequest) -> Iterable[Mapping[str, Any]]:
        """See `Documents.report`: sales by day, channel and place from the ledger, and sessions."""
        asked = {*request.metrics, *request.dimensions, *request.filters}
        if unknown := asked - _REPORTED[request.dataset]:
            raise ParseError(f"The sandbox does not report {', '.join(sorted(unknown))}")
        if request.dataset == "sessions":
            rows = self._tables.rows(_SESSIONS, ZONE, request.since, request.until)
            return [{**row, "day": row["day"].isoformat()} for row in rows]
        return [
            _report_row(row)
            for row in self._tables.rows(_REPORT, ZONE, request.since, request.until)
        ]


def _report_row(row: Row) -> dict[str, Any]:
    row["total_sales"] = row["net_sales"] + row["shipping_charges"] + row["taxes"] + row["fees"]
    row["net_items_sold"] = row["quantity_ordered"] - row["reversed_quantity"]
    day, is_pos, place = (row.pop(name) for name in ("day", "is_pos", "place_name"))
    return {
        "day": day.isoformat(),
        "sales_channel": "Point of Sale" if is_pos else "Online Store",
        "pos_location_name": place if is_pos else "",
        **{name: value if name in _COUNTS else decimal(int(value)) for name, value in row.items()},
    }


def _pushed(search: Search) -> tuple[list[str], list[Any]]:
    """Conditions on times that the tables can answer; the search itself still decides."""
    conditions: list[str] = []
    values: list[Any] = []
    for term in search.conjuncts:
        column = _SEARCHED.get(term.field)
        if column is None or term.kind != "time" or term.value == "*":
            continue
        start, end = interval(term.value, ZoneInfo(ZONE))
        if term.comparator in (":", ":>="):
            conditions.append(f"{column} >= ?")
            values.append(start)
        if term.comparator == ":>":
            conditions.append(f"{column} >= ?")
            values.append(end)
        if term.comparator in (":", ":<="):
            conditions.append(f"{column} < ?")
            values.append(end)
        if term.comparator == ":<":
            conditions.append(f"{column} < ?")
            values.append(start)
    return conditions, values
