"""QuickBooks' streams: what is read since when, and into which raw tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime, timedelta

from psycopg import sql

from ingestion.api import Progress, SourceReport, Stream, load_streams
from ingestion.api.shapes import Json
from ingestion.auth import open_connection
from ingestion.sources.quickbooks import shapes
from ingestion.sources.quickbooks.client import QuickBooksClient, months
from ingestion.sources.quickbooks.shared import shared
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.vault import Vault

CHANGED_AT = "MetaData.LastUpdatedTime"
# Change data capture reaches 30 days back.
LONGEST_GAP = timedelta(days=29)
BASES = ("Accrual", "Cash")
DOCUMENTS = tuple(shapes.SHAPES)
LISTED = tuple(entity for entity in shapes.LISTS if entity != "Customer")
CHANGING = ("Customer", *DOCUMENTS)
Clock = Callable[[], datetime]
Lists = Callable[[], dict[str, list[Json]]]
Changes = Callable[[str, datetime], tuple[list[Json], bool]]


def quickbooks_streams(client: QuickBooksClient, warehouse: Warehouse) -> list[Stream]:
    """Everything that is loaded of a company.

    Streams are read side by side, but QuickBooks lets nobody ask more than ten times a second: what
    several of them need is asked for once.
    """
    clock = shared(client.server_time)
    lists = shared(lambda: client.short_lists(tuple(shapes.WHOLE), LISTED))
    changes = _changes(client)
    first_date = shared(lambda since: _first_date(client, warehouse, changes, clock, since))
    return [
        *(_whole(entity, client, lists) for entity in (*shapes.WHOLE, *LISTED)),
        *(_changing(entity, client, changes, clock) for entity in CHANGING),
        Stream(shapes.REPORTS, lambda _, since: _balances(client, first_date(since), clock),
               "reports", changed_at="read_at", is_answer=True, clock=clock, at_once=20,
               is_optional=True),
        Stream(shapes.GENERAL_LEDGER, lambda _, since: _ledger(client, first_date(since), clock),
               "reports/GeneralLedger", changed_at="read_at", is_answer=True, clock=clock,
               at_once=1, is_optional=True),
    ]  # fmt: skip


def _whole(entity: str, client: QuickBooksClient, lists: Lists) -> Stream:
    def read(_part: str, _since: datetime | None) -> Iterator[list[Json]]:
        found = lists().get(entity)
        return client.all(entity, has_inactive=entity in LISTED) if found is None else iter([found])

    return Stream(shapes.table_of(entity), read, f"query of {entity}", changed_at=None)


def _changes(client: QuickBooksClient) -> Changes:
    """What changed of an entity since: asked for all at once, alone where that is too much."""
    together = shared(lambda since: client.changes(CHANGING, since))
    alone = shared(lambda entity, since: client.changes((entity,), since))

    def changes(entity: str, since: datetime) -> tuple[list[Json], bool]:
        found, is_cut = together(since)
        if is_cut:
            found, is_cut = alone(entity, since)
        return found[entity], is_cut

    return changes


def _changing(entity: str, client: QuickBooksClient, changes: Changes, clock: Clock) -> Stream:
    """An entity whose changes, deletions among them, change data capture tells."""
    is_document = entity in shapes.SHAPES

    def is_whole_due(since: datetime) -> bool:
        return clock() - since > LONGEST_GAP or changes(entity, since)[1]

    def read(_part: str, since: datetime | None) -> Iterator[list[Json]]:
        pages = (client.all(entity, has_inactive=not is_document) if since is None
                 else [changes(entity, since)[0]])  # fmt: skip
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


def _first_date(client: QuickBooksClient, warehouse: Warehouse, changes: Changes, clock: Clock,
                since: datetime | None) -> date | None:  # fmt: skip
    """From which day on reports may have changed since; None when nothing did.

    A document that was deleted, or moved to another month, changes the month in which it was.
    """
    if since is None or clock() - since > LONGEST_GAP:
        return client.first_date(list(DOCUMENTS), None)
    changed = {entity: changes(entity, since) for entity in DOCUMENTS}
    if any(is_cut for _, is_cut in changed.values()):
        return client.first_date(list(DOCUMENTS), None)
    dates = [
        client.first_date(list(DOCUMENTS), since),
        *(_loaded_date(warehouse, entity, [one["Id"] for one in found])
          for entity, (found, _) in changed.items() if found),
    ]  # fmt: skip
    return min((day for day in dates if day), default=None)


def _loaded_date(warehouse: Warehouse, entity: str, ids: list[str]) -> date | None:
    """The earliest date that documents had when they were loaded last."""
    query = sql.SQL("select min(txn_date) from raw_quickbooks.{} where id = any(%s)").format(
        sql.Identifier(shapes.table_of(entity).name)
    )
    with warehouse.connect("loader") as connection:
        row = connection.execute(query, (ids,)).fetchone()
    return row[0] if row else None


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
                    only: Collection[str] = (),
                    accepts_shrinking: bool = False) -> SourceReport:  # fmt: skip
    """Load what changed at QuickBooks since the last load.

    Args:
        on_progress: told now and then how far it is.
        only: these tables instead of all.
        accepts_shrinking: believe a list that is much shorter than it was.

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
            warehouse, vault, "quickbooks", quickbooks_streams(client, warehouse), on_progress,
            retries=retries, only=only, accepts_shrinking=accepts_shrinking,
        )  # fmt: skip
    finally:
        client.close()
