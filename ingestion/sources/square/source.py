"""Square's streams: what is read since when, and into which raw tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from ingestion.api import Progress, SourceReport, load_streams
from ingestion.api.shapes import DocumentTable, Json
from ingestion.api.streams import Stream
from ingestion.auth import open_connection
from ingestion.sources.square import shapes
from ingestion.sources.square.client import SquareClient
from warehouse.database import Warehouse
from warehouse.vault import Vault

# Square reports returns and late edits on earlier days, too.
REPORT_OVERLAP = timedelta(days=35)
# A payout's state and a timecard may change that long after they were made.
LATE_PAYOUTS, LATE_TIMECARDS = timedelta(days=30), timedelta(days=45)
FIRST_DAY = date(2009, 1, 1)  # before Square
MEASURES = tuple(
    name for name in shapes.SALES_DAY if name not in ("id", "sale_date", "location_id")
)


def square_streams(client: SquareClient, warehouse: Warehouse | None = None) -> list[Stream]:
    """Everything that is loaded of a Square account.

    Args:
        warehouse: of payouts that are there as Square has them, the entries are not read again.
    """

    def payouts(place: str, since: datetime | None) -> Iterator[list[Json]]:
        if since is None or warehouse is None:
            return client.payouts(place, since)
        known = _known_payouts(warehouse, place)
        return client.payouts(place, since, lambda payout: _version_of(payout) in known)

    def location_ids() -> list[str]:
        return [location["id"] for location in client.locations()]

    def listed(read: Callable[[], list[Json]]) -> Callable[..., Iterator[list[Json]]]:
        return lambda _part, _since: iter([read()])

    def whole(table: DocumentTable, read: Callable[[], list[Json]], request: str) -> Stream:
        return Stream(table, listed(read), request, changed_at=None)

    return [
        whole(shapes.MERCHANTS, client.merchants, "GET /v2/merchants"),
        whole(shapes.LOCATIONS, client.locations, "GET /v2/locations"),
        whole(shapes.TEAM_MEMBERS, client.team_members, "POST /v2/team-members/search"),
        Stream(shapes.CUSTOMERS, lambda _, since: client.customers(since),
               "POST /v2/customers/search"),
        Stream(shapes.CATALOG_OBJECTS, lambda _, since: client.catalog(since),
               "POST /v2/catalog/search", is_deleted=lambda one: one.get("is_deleted", False),
               tells_all_of_deleted=True),
        Stream(shapes.ORDERS, lambda place, since: client.orders([place], since),
               "POST /v2/orders/search", is_sorted=True, parts=location_ids, at_once=4_000),
        Stream(shapes.PAYMENTS, client.payments, "GET /v2/payments", is_sorted=True,
               parts=location_ids, at_once=5_000),
        Stream(shapes.REFUNDS, lambda _, since: client.refunds(since),
               "GET /v2/refunds", is_sorted=True),
        Stream(shapes.PAYOUTS, payouts, "GET /v2/payouts", changed_at="created_at",
               parts=location_ids, overlap=LATE_PAYOUTS, tells_changes=False, is_optional=True),
        Stream(shapes.INVENTORY_COUNTS, lambda _, since: client.inventory_counts(since),
               "POST /v2/inventory/counts/batch-retrieve", changed_at="calculated_at",
               is_optional=True),
        Stream(shapes.INVENTORY_CHANGES, lambda _, since: client.inventory_changes(since),
               "POST /v2/inventory/changes/batch-retrieve", changed_at="created_at",
               is_optional=True),
        Stream(shapes.TIMECARDS, lambda _, since: client.timecards(since),
               "POST /v2/labor/timecards/search", changed_at="start_at",
               overlap=LATE_TIMECARDS, tells_changes=False, is_optional=True),
        Stream(shapes.SALES_DAYS, lambda _, since: sales_days(client, since),
               "POST /reporting/v1/load", changed_at="sale_date", overlap=REPORT_OVERLAP,
               tells_changes=False, is_optional=True),
    ]  # fmt: skip


def _known_payouts(warehouse: Warehouse, location_id: str) -> set[tuple[Any, ...]]:
    """The versions of a location's payouts that are loaded with all their entries.

    What a killed load left may lack entries. It bears a higher number than the last load that
    ended, and so is read again by the next one.
    """
    with warehouse.connect("quality") as connection:
        return {*connection.execute(
            "select id, status, version, updated_at from raw_square.payouts "
            "where location_id = %s and _deleted_at is null and _load_number <= ("
            "select max(load_number) from quality.load_log "
            "where source_system = 'square' and status <> 'failed')", (location_id,)
        )}  # fmt: skip


def _version_of(payout: Json) -> tuple[Any, ...]:
    changed = payout.get("updated_at")
    moment = datetime.fromisoformat(changed) if changed else None
    return payout["id"], payout.get("status"), payout.get("version"), moment


def sales_days(client: SquareClient, since: datetime | None) -> Iterator[list[Json]]:
    """Square's own sums by day and location, of the days since then."""
    first = since.date() if since else FIRST_DAY
    names = [f"Sales.{name}" for name in MEASURES]
    rows = client.sales_report(names, first)
    days = []
    for row in rows:
        day, place = row["Sales.local_reporting_timestamp.day"][:10], row["Sales.location_id"]
        values = {name: row[f"Sales.{name}"] for name in MEASURES}
        values["order_count"] = int(values["order_count"])
        days.append({"id": f"{day} {place}", "sale_date": day, "location_id": place,
                     **values})  # fmt: skip
    if days:
        yield days


def newest_sale(warehouse: Warehouse, since: datetime) -> datetime | None:
    """When an order changed last, if one did since: small requests, to know whether a load is
    worth it.

    Raises:
        HubError: Square is not connected, refused, or did not answer.
    """
    connection = open_connection(warehouse, "square")
    client = SquareClient(connection.api_url, connection.auth())
    try:
        places = [location["id"] for location in client.locations()]
        changes = [one["updated_at"] for page in client.orders(places, since) for one in page]
        return datetime.fromisoformat(max(changes)) if changes else None
    finally:
        client.close()


def load_square(warehouse: Warehouse, vault: Vault, on_progress: Progress | None = None, *,
                only: Collection[str] = (),
                accepts_shrinking: bool = False) -> SourceReport:  # fmt: skip
    """Load what changed at Square since the last load.

    Args:
        on_progress: told now and then how far it is.
        only: these tables instead of all.
        accepts_shrinking: believe a list that is much shorter than it was.

    Raises:
        HubError: Square is not connected, refused, or did not answer.
    """
    connection = open_connection(warehouse, "square")
    retries: list[str] = []
    client = SquareClient(connection.api_url, connection.auth(), on_retry=retries.append)
    try:
        return load_streams(warehouse, vault, "square", square_streams(client, warehouse),
                            on_progress, retries=retries, only=only,
                            accepts_shrinking=accepts_shrinking)  # fmt: skip
    finally:
        client.close()
