"""A generated world as Shopify shows it, and Shopify's own report of it.

Orders are made of the tables in batches as they are asked for; what is few (products, customers,
locations) is held in memory. The report is summed from the ledger and never sees a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.shopify.documents import (
    Document,
    MemoryDocuments,
    Page,
    Position,
    ReportRequest,
    number_of,
)
from sandbox.shopify.search import Search, interval
from sandbox.shopify.world_baskets import Row, decimal, gid
from sandbox.shopify.world_orders import OrderDocuments
from sandbox.shopify.world_tables import Tables
from sandbox.world.world import World

ZONE = "America/New_York"
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
_COUNTS = ("orders", "quantity_ordered", "reversed_quantity", "net_items_sold")


class WorldDocuments:
    """The ``Documents`` of a generated world."""

    def __init__(self, world: World) -> None:
        """Project a world, which must stay open as long as its documents are read."""
        self._tables = Tables(world)
        self._orders = OrderDocuments(self._tables)
        self._currency = str(world.settings["currency"])
        self._name = str(world.settings["name"])
        self._few = MemoryDocuments()
        self._add_shop()
        self._add_catalogue()
        self._add_customers()

    # --- what is few ----------------------------------------------------------------------

    def _add_shop(self) -> None:
        ((began,),) = (
            row.values()
            for row in self._tables.rows("select coalesce(min(created), '') from shopify_orders")
        )
        shop = {
            "id": gid("Shop", 1),
            "name": self._name,
            "email": "owner@example.com",
            "contactEmail": "owner@example.com",
            "myshopifyDomain": "sandbox.myshopify.com",
            "url": "https://sandbox.myshopify.com",
            "currencyCode": self._currency,
            "ianaTimezone": ZONE,
            "taxesIncluded": False,
            "taxShipping": False,
            "createdAt": began,
            "updatedAt": began,
            "plan": {"publicDisplayName": "Basic", "partnerDevelopment": False,
                     "shopifyPlus": False},
        }  # fmt: skip
        self._few.add_single("shop", shop)
        for place in self._tables.rows("from shopify_places"):
            location = {
                "id": gid("Location", place["place_id"]),
                "legacyResourceId": str(place["place_id"]),
                "name": place["name"],
                "isActive": True,
                "isPrimary": place["trade"] == "online",
                "fulfillsOnlineOrders": place["trade"] == "online",
                "shipsInventory": place["trade"] == "online",
                "createdAt": began,
                "updatedAt": began,
                "address": {"city": place["city"], "provinceCode": place["region"],
                            "countryCode": "US", "formatted": [place["city"]]},
            }  # fmt: skip
            self._few.add("Location", location)

    def _add_catalogue(self) -> None:
        products: dict[int, Document] = {}
        for row in self._tables.rows("from shopify_variants order by variant_id"):
            product = products.setdefault(row["product_id"], {
                "id": gid("Product", row["product_id"]), "title": row["title"],
                "legacyResourceId": str(row["product_id"]),
                "handle": row["title"].lower().replace(" ", "-"),
                "status": "ACTIVE", "vendor": self._name, "productType": row["category"],
                "tags": [], "isGiftCard": False, "createdAt": row["changed"],
                "updatedAt": row["changed"], "variants": [],
            })  # fmt: skip
            product["updatedAt"] = max(product["updatedAt"], row["changed"])
            product["variants"].append(gid("ProductVariant", row["variant_id"]))
            self._add_variant(row, len(product["variants"]))
        self._few.add("Product", *products.values())

    def _add_variant(self, row: Row, position: int) -> None:
        number = row["variant_id"]
        shared = {"legacyResourceId": str(number), "sku": row["sku"],
                  "createdAt": row["changed"], "updatedAt": row["changed"]}  # fmt: skip
        title = row["variant_title"] or "Default Title"
        self._few.add("ProductVariant", shared | {
            "id": gid("ProductVariant", number), "title": title, "barcode": None,
            "displayName": f"{row['title']} - {title}", "position": position, "taxable": True,
            "price": decimal(row["price_cents"]), "compareAtPrice": None,
            "product": gid("Product", row["product_id"]),
            "selectedOptions": [{"name": "Title", "value": title}],
            "inventoryItem": gid("InventoryItem", number),
        })  # fmt: skip
        cost = {"amount": decimal(row["unit_cost_cents"]), "currencyCode": self._currency}
        self._few.add("InventoryItem", shared | {
            "id": gid("InventoryItem", number), "tracked": True, "requiresShipping": True,
            "unitCost": cost, "variant": gid("ProductVariant", number),
        })  # fmt: skip

    def _add_customers(self) -> None:
        consent = {True: "SUBSCRIBED", False: "NOT_SUBSCRIBED"}
        self._few.add("Customer", *(
            {
                "id": gid("Customer", row["contact_id"]),
                "legacyResourceId": str(row["contact_id"]),
                "firstName": row["given_name"],
                "lastName": row["family_name"],
                "displayName": f"{row['given_name']} {row['family_name']}",
                "email": row["email"],
                "phone": row["phone"],
                "defaultEmailAddress": {"emailAddress": row["email"],
                                        "marketingState": consent[row["is_marketing_allowed"]]},
                "defaultPhoneNumber": {"phoneNumber": row["phone"]},
                "numberOfOrders": str(row["orders_count"]),
                "state": "ENABLED",
                "tags": [],
                "locale": "en",
                "verifiedEmail": True,
                "taxExempt": False,
                "createdAt": row["created"],
                "updatedAt": row["updated"],
            }
            for row in self._tables.rows("from shopify_customers")
        ))  # fmt: skip

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
        """See `Documents.report`: sales by day, channel and place, summed from the ledger."""
        if request.dataset != "sales":
            return self._few.report(request)
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
