"""How a kind of documents is read since the last time, as a dlt resource.

Knows cursors and not HTTP: a stream is handed pages by its source's client. The cursor is the
newest change that was loaded, by the source's own clock, and lies in dlt's state, which becomes
durable with the rows and never before them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import dlt

from ingestion.api.reading import read_ahead
from ingestion.api.shapes import EMPTIED, DocumentTable, Flattener, Json, contract_error
from ingestion.transport import AccessDeniedError
from warehouse.errors import HubError

Pages = Iterator[list[Json]]
# A package of a long first load ends after so many documents of a stream; what is loaded then
# stays loaded, whatever happens later.
MOST_DOCUMENTS = 100_000
# Documents become tables this many at a time: each table costs dlt some milliseconds.
DOCUMENTS_AT_ONCE = 5_000
# A list that is read whole may shrink, but not to less than this part of the last one at once.
SMALLEST_PART = 0.5
FEW = 20


@dataclass(frozen=True)
class Stream:
    """One kind of documents of a source.

    Args:
        table: where they go.
        read: pages of one part that changed since an instant; all when it is None.
        request: what is asked, for errors.
        changed_at: the field (dots go into objects) that tells the last change; None for lists
            that are always read whole: what is on them no more, is marked deleted.
        is_sorted: pages come oldest change first, so a load can stop and go on.
        parts: what is read side by side with a cursor each, such as locations.
        is_optional: an account may be set up without it; then it is left out, and the report says
            so.
        overlap: how far before its cursor it reads again, for changes that show late.
    """

    table: DocumentTable
    read: Callable[[str, datetime | None], Pages]
    request: str
    changed_at: str | None = "updated_at"
    is_sorted: bool = False
    parts: Callable[[], list[str]] = lambda: [""]
    overlap: timedelta = timedelta(minutes=10)
    is_optional: bool = False

    @property
    def name(self) -> str:
        """The raw table."""
        return self.table.name

    def changed(self, document: Json) -> datetime | None:
        """When a document changed last, by its source; None when it does not say."""
        value: Any = document
        try:
            for step in str(self.changed_at).split("."):
                value = value[step]
            return datetime.fromisoformat(value)
        except (KeyError, TypeError, ValueError):
            return None


@dataclass
class StreamProgress:
    """What one run read of a stream."""

    documents_count: int = 0
    has_more: bool = False
    cursors: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None


def resource_of(stream: Stream, flattener: Flattener, progress: StreamProgress,
                on_page: Callable[[str, int], None]) -> Any:  # fmt: skip
    """The stream as a dlt resource that fills its raw table and those of its lists."""
    hints = _hints(stream.table)

    def rows(page: list[Json], *, marks_emptied: bool) -> Iterator[Any]:
        if not page:
            return
        tables = flattener.tables(stream.table, page, stream.request, marks_emptied=marks_emptied)
        progress.documents_count += len(page)
        on_page(stream.name, progress.documents_count)
        for name, table in tables.items():
            if table.num_rows:
                yield dlt.mark.with_hints(table, hints[name], create_table_variant=True)

    def documents() -> Iterator[Any]:
        state = dlt.current.resource_state()
        try:
            if stream.changed_at is None:
                yield from _listed(stream, state, rows)
            else:
                yield from _changed(stream, flattener.source, state, progress, rows)
        except AccessDeniedError as error:
            if not stream.is_optional or progress.documents_count:
                raise
            progress.refusal = error.message

    return dlt.resource(documents, name=stream.name)


def _hints(kind: DocumentTable) -> dict[str, Any]:
    """Documents replace their older version by key; rows of their lists go and come with them."""
    found = {}
    for name, schema in kind.schemas().items():
        if name == kind.name:
            hints = dlt.mark.make_hints(
                table_name=name, write_disposition="merge", primary_key=kind.key_column
            )
        else:
            hints = dlt.mark.make_hints(
                table_name=name, write_disposition="merge", merge_key=schema.names[0],
                columns={EMPTIED: {"name": EMPTIED, "hard_delete": True}},
            )  # fmt: skip
        found[name] = hints
    return found


def _listed(stream: Stream, state: dict[str, Any], rows: Callable[..., Iterator[Any]]) -> Any:
    """Everything, each time. Refuses a list that broke off."""
    seen: dict[str, None] = {}
    for part in stream.parts():
        for page in stream.read(part, None):
            fresh = [one for one in page if one.get(stream.table.key) not in seen]
            seen |= dict.fromkeys(str(one.get(stream.table.key)) for one in fresh)
            yield from rows(fresh, marks_emptied="listed_count" in state)
    before = state.get("listed_count", 0)
    if before >= FEW and len(seen) < before * SMALLEST_PART:
        raise HubError(
            f"{stream.request} gave {len(seen)} {stream.name.replace('_', ' ')}, last time "
            f"{before}: the list seems to be cut off, so it was not loaded.",
            fix="Run again. If so many were really removed, run once with --accept-shrinking.",
        )
    state["listed_count"] = len(seen)


def _changed(stream: Stream, source: str, state: dict[str, Any], progress: StreamProgress,
             rows: Callable[..., Iterator[Any]]) -> Any:  # fmt: skip
    """What changed since the cursors, which move only over what was handed on."""
    cursors: dict[str, str] = state.setdefault("cursors", {})
    known = {part: datetime.fromisoformat(text) for part, text in cursors.items()}
    since = {part: moment - stream.overlap for part, moment in known.items()}
    readers = {part: stream.read(part, since.get(part)) for part in stream.parts()}
    newest = dict(known)
    missed: dict[str, datetime] = {}
    seen: dict[str, datetime] = {}
    waiting: list[Json] = []
    for part, page in read_ahead(readers):
        for one in page:
            key, moment = str(one.get(stream.table.key)), stream.changed(one)
            if moment is None:
                what = f"{stream.name}.{stream.changed_at} is missing or no time"
                raise contract_error(source, stream.request, what)
            if key in seen:
                # It changed while the list was read. One package holds one version of it; the
                # next begins before this change.
                if moment > seen[key]:
                    missed[part] = min(moment, missed.get(part, moment))
                continue
            seen[key] = moment
            waiting.append(one)
            newest[part] = max(moment, newest.get(part, moment))
        if len(waiting) >= DOCUMENTS_AT_ONCE:
            yield from rows(waiting, marks_emptied=bool(known))
            waiting = []
        has_moved = all(newest[part] - stream.overlap > since[part] for part in since
                        if part in newest)  # fmt: skip
        if stream.is_sorted and len(seen) >= MOST_DOCUMENTS and has_moved:
            progress.has_more = True
            break
    yield from rows(waiting, marks_emptied=bool(known))
    for part, moment in newest.items():
        cursors[part] = min(moment, missed.get(part, moment)).isoformat()
    progress.cursors = dict(cursors)
