"""Shopify's streams: what is read since when, and into which raw tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, timedelta

from ingestion.api import DocumentTable, Progress, SourceReport, Stream, load_streams
from ingestion.api.shapes import Json
from ingestion.auth import open_connection
from ingestion.sources.shopify import shapes
from ingestion.sources.shopify.client import ShopifyClient
from ingestion.sources.shopify.queries import selection
from warehouse.database import Warehouse
from warehouse.vault import Vault

REPORT_OVERLAP = timedelta(days=35)
# A payout's state may change that long after it was issued.
LATE_PAYOUTS = timedelta(days=30)
FIRST_DAY = date(2006, 1, 1)  # before Shopify


def shopify_streams(client: ShopifyClient) -> list[Stream]:
    """Everything that is loaded of a shop."""

    def bulk(table: DocumentTable, root: str, *, is_optional: bool = False,
             has_count: bool = False) -> Stream:  # fmt: skip
        def read(_part: str, since: datetime | None) -> Iterator[list[Json]]:
            search = f"updated_at:>='{_text(since)}'" if since else None
            pages = client.bulk(root, table.shape, search)
            return _with_refunds(client, pages) if table is shapes.ORDERS else pages

        return Stream(
            table, read, f"bulk operation {root}", changed_at="updatedAt", is_optional=is_optional,
            count=(lambda: client.count(f"{root}Count")) if has_count else None,
            all_keys=lambda: ([one["id"] for one in page]
                          for page in client.bulk(root, {"id": shapes.ID})),
        )  # fmt: skip

    def shop(_part: str, _since: datetime | None) -> Iterator[list[Json]]:
        found = client.single("shop", selection(shapes.SHOP))
        return iter([[found]] if found else [])

    def locations(_part: str, _since: datetime | None) -> Iterator[list[Json]]:
        return client.pages(("locations",), shapes.LOCATION, ", includeInactive: true")

    def payments(name: str, table: DocumentTable, moment: str) -> Stream:
        def read(_part: str, since: datetime | None) -> Iterator[list[Json]]:
            return _newest_first(
                lambda: client.pages(("shopifyPaymentsAccount", name), table.shape,
                                     ", reverse: true"), moment, since)  # fmt: skip

        return Stream(table, read, f"shopifyPaymentsAccount.{name}", changed_at=moment,
                      overlap=LATE_PAYOUTS, tells_changes=False, is_optional=True)  # fmt: skip

    return [
        Stream(shapes.SHOPS, shop, "shop", changed_at=None),
        Stream(shapes.LOCATIONS, locations, "locations", changed_at=None),
        bulk(shapes.PRODUCTS, "products", has_count=True),
        bulk(shapes.INVENTORY_ITEMS, "inventoryItems"),
        bulk(shapes.CUSTOMERS, "customers", has_count=True),
        bulk(shapes.ORDERS, "orders", has_count=True),
        bulk(shapes.DRAFT_ORDERS, "draftOrders", is_optional=True),
        bulk(shapes.ABANDONED_CHECKOUTS, "abandonedCheckouts", is_optional=True),
        payments("payouts", shapes.PAYOUTS, "issuedAt"),
        payments("balanceTransactions", shapes.BALANCE_TRANSACTIONS, "transactionDate"),
        Stream(shapes.SALES_DAYS, lambda _, since: _sales_days(client, since), "shopifyqlQuery",
               changed_at="day", overlap=REPORT_OVERLAP, tells_changes=False, is_optional=True),
    ]  # fmt: skip


def _with_refunds(client: ShopifyClient, pages: Iterator[list[Json]]) -> Iterator[list[Json]]:
    """Orders with what is below their refunds."""
    for page in pages:
        client.complete("Order", page, "refunds", "Refund", shapes.REFUND)
        yield page


def _newest_first(read: Callable[[], Iterator[list[Json]]], moment: str,
                  since: datetime | None) -> Iterator[list[Json]]:  # fmt: skip
    """Pages of a list that cannot be searched by change, until what is older than that."""
    for page in read():
        fresh = [one for one in page
                 if since is None or datetime.fromisoformat(one[moment]) >= since]  # fmt: skip
        if fresh:
            yield fresh
        if len(fresh) < len(page):
            return


def _sales_days(client: ShopifyClient, since: datetime | None) -> Iterator[list[Json]]:
    """Shopify's own sums by day, channel and place, of the days since then."""
    first = since.date() if since else _first_day(client)
    shown = [*shapes.REPORT_MEASURES, *shapes.REPORT_COUNTS]
    days = []
    for row in client.report(shown, ["sales_channel", "pos_location_name"], first):
        day, channel, place = row["day"][:10], row["sales_channel"], row["pos_location_name"]
        days.append({
            "id": f"{day} {channel} {place}", "day": day, "salesChannel": channel,
            "posLocationName": place, **{name: row[name] for name in shapes.REPORT_MEASURES},
            **{name: int(row[name]) for name in shapes.REPORT_COUNTS},
        })  # fmt: skip
    if days:
        yield days


def _first_day(client: ShopifyClient) -> date:
    """The day of the first order."""
    found = client.ask("{orders(first: 1, sortKey: PROCESSED_AT){nodes{processedAt}}}", "orders")
    nodes = found["orders"]["nodes"]
    if not nodes:
        return client.today()
    return datetime.fromisoformat(nodes[0]["processedAt"]).date() - timedelta(days=1)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def newest_sale(warehouse: Warehouse, since: datetime) -> datetime | None:
    """When an order changed last, if one did since: a small request, to know whether a load is
    worth it.

    Raises:
        HubError: Shopify is not connected, refused, or did not answer.
    """
    connection = open_connection(warehouse, "shopify")
    client = ShopifyClient(connection.api_url, connection.auth())
    arguments = f"""first: 1, sortKey: UPDATED_AT, reverse: true,
        query: "updated_at:>='{_text(since)}'\""""
    try:
        found = client.ask(f"{{orders({arguments}){{nodes{{updatedAt}}}}}}", "orders")
        nodes = found["orders"]["nodes"]
        return datetime.fromisoformat(nodes[0]["updatedAt"]) if nodes else None
    finally:
        client.close()


def load_shopify(warehouse: Warehouse, vault: Vault, on_progress: Progress | None = None, *,
                 only: Collection[str] = (),
                 accepts_shrinking: bool = False) -> SourceReport:  # fmt: skip
    """Load what changed at Shopify since the last load.

    Args:
        on_progress: told now and then how far it is.
        only: these tables instead of all.
        accepts_shrinking: believe a list that is much shorter than it was.

    Raises:
        HubError: Shopify is not connected, refused, or did not answer.
    """
    connection = open_connection(warehouse, "shopify")
    retries: list[str] = []
    client = ShopifyClient(connection.api_url, connection.auth(), on_retry=retries.append)
    try:
        return load_streams(warehouse, vault, "shopify", shopify_streams(client), on_progress,
                            retries=retries, only=only,
                            accepts_shrinking=accepts_shrinking)  # fmt: skip
    finally:
        client.close()
