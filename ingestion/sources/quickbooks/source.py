"""QuickBooks' streams: what is read since when, and into which raw tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache

from ingestion.api import Progress, SourceReport, Stream, load_streams
from ingestion.api.shapes import Json
from ingestion.auth import open_connection
from ingestion.sources.quickbooks import shapes
from ingestion.sources.quickbooks.client import QuickBooksClient, months
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.vault import Vault

CHANGED_AT = "MetaData.LastUpdatedTime"
# Change data capture reaches 30 days back.
LONGEST_GAP = timedelta(days=29)
BASES = ("Accrual", "Cash")
DOCUMENTS = tuple(shapes.SHAPES)
LISTED = tuple(entity for entity in shapes.LISTS if entity != "Customer")
Clock = Callable[[], datetime]


def quickbooks_streams(client: QuickBooksClient) -> list[Stream]:
    """Everything that is loaded of a company."""
    clock = cache(client.server_time)
    first_date = cache(lambda since: client.first_date(list(DOCUMENTS), since))
    return [
        *(_whole(entity, client) for entity in shapes.WHOLE),
        *(_whole(entity, client, has_inactive=True) for entity in LISTED),
        *(_changing(entity, client, clock) for entity in ("Customer", *DOCUMENTS)),
        Stream(shapes.REPORTS, lambda _, since: _balances(client, first_date(since), clock),
               "reports", changed_at="read_at", clock=clock, at_once=20, is_optional=True),
        Stream(shapes.GENERAL_LEDGER, lambda _, since: _ledger(client, first_date(since), clock),
               "reports/GeneralLedger", changed_at="read_at", clock=clock, at_once=1,
               is_optional=True),
    ]  # fmt: skip


def _whole(entity: str, client: QuickBooksClient, *, has_inactive: bool = False) -> Stream:
    def read(_part: str, _since: datetime | None) -> Iterator[list[Json]]:
        if has_inactive:
            return client.all(entity, has_inactive=True)
        return iter([client.few(entity)])

    return Stream(shapes.table_of(entity), read, f"query of {entity}", changed_at=None)


def _changing(entity: str, client: QuickBooksClient, clock: Clock) -> Stream:
    """An entity whose changes, deletions among them, change data capture tells."""
    changes: list[Json] = []
    is_document = entity in shapes.SHAPES

    def is_whole_due(since: datetime) -> bool:
        if clock() - since > LONGEST_GAP:
            return True
        changes[:], is_cut = client.changes(entity, since)
        return is_cut

    def read(_part: str, since: datetime | None) -> Iterator[list[Json]]:
        pages = client.all(entity, has_inactive=not is_document) if since is None else [changes]
        for page in pages:
            yield [_told(one) for one in page] if is_document else page

    return Stream(
        shapes.table_of(entity), read, f"query of {entity}", changed_at=CHANGED_AT,
        is_deleted=lambda one: one.get("status") == "Deleted", is_whole_due=is_whole_due,
        clock=clock,
    )  # fmt: skip


def _told(document: Json) -> Json:
    """A document that says whether it was voided: QuickBooks writes it into the note alone."""
    note = str(document.get("PrivateNote") or "")
    return {**document, "IsVoided": note.lower().startswith("voided")}


def _balances(client: QuickBooksClient, first: date | None, clock: Clock) -> Iterator[list[Json]]:
    """Profit and loss, balance sheet and trial balance of all months that could have changed."""
    if first is None:
        return
    last = clock().astimezone(UTC).date()
    for basis in BASES:
        for report in ("ProfitAndLoss", "BalanceSheet"):
            for start, end in _years(first, last):
                yield list(client.balances(report, basis, start, end))
        yield [client.trial_balance(basis, start, end) for start, end in months(first, last)]


def _ledger(client: QuickBooksClient, first: date | None, clock: Clock) -> Iterator[list[Json]]:
    """The general ledger of all months that could have changed."""
    if first is None:
        return
    for start, end in months(first, clock().astimezone(UTC).date()):
        yield [client.general_ledger("Accrual", start, end)]


def _years(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Whole months, at most twelve at a time."""
    every = list(months(first, last))
    for start in range(0, len(every), 12):
        some = every[start : start + 12]
        yield some[0][0], some[-1][1]


def load_quickbooks(warehouse: Warehouse, vault: Vault, on_progress: Progress | None = None, *,
                    accepts_shrinking: bool = False) -> SourceReport:  # fmt: skip
    """Load what changed at QuickBooks since the last load.

    Raises:
        HubError: QuickBooks is not connected, refused, or did not answer.
    """
    connection = open_connection(warehouse, "quickbooks")
    company_id = connection.account_id
    if company_id is None:
        raise HubError("The connection to QuickBooks does not say which company it is for.",
                       fix="Run: hub connect quickbooks")  # fmt: skip
    retries: list[str] = []
    client = QuickBooksClient(connection.api_url, connection.auth(), company_id,
                              on_retry=retries.append)  # fmt: skip
    try:
        return load_streams(
            warehouse, vault, "quickbooks", quickbooks_streams(client), on_progress,
            retries=retries, accepts_shrinking=accepts_shrinking,
        )  # fmt: skip
    finally:
        client.close()
