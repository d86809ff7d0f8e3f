"""How a kind of documents is read since the last time, as a dlt resource.

Knows cursors and not HTTP: a stream is handed pages by its source's client. The cursor is the
newest change that was loaded, by the source's own clock, and lies in dlt's state, which becomes
durable with the rows and never before them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import dlt

from ingestion.api.reading import read_ahead
from ingestion.api.shapes import DELETIONS, EMPTIED, DocumentTable, Flattener, Json, contract_error
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
        tells_changes: whether ``changed_at`` moves with every change, so that what was loaded with
            the same one need not be loaded again.
        clock: the source's own; then the cursor is when it was asked last, which may be long after
            the newest change.
        is_optional: an account may be set up without it; then it is left out, and the report says
            so.
        is_deleted: whether a document says that it was deleted.
        tells_all_of_deleted: whether it then still has its fields.
        is_whole_due: whether everything is to be read again, because what changed since an instant
            can no longer be told.
        overlap: how far before its cursor it reads again, for changes that show late.
    """

    table: DocumentTable
    read: Callable[[str, datetime | None], Pages]
    request: str
    changed_at: str | None = "updated_at"
    is_sorted: bool = False
    parts: Callable[[], list[str]] = lambda: [""]
    overlap: timedelta = timedelta(minutes=10)
    tells_changes: bool = True
    clock: Callable[[], datetime] | None = None
    is_optional: bool = False
    is_deleted: Callable[[Json], bool] = lambda _: False
    tells_all_of_deleted: bool = False
    is_whole_due: Callable[[datetime], bool] = lambda _: False

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
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (KeyError, TypeError, ValueError):
            return None


@dataclass
class StreamProgress:
    """What one run read of a stream."""

    documents_count: int = 0
    has_more: bool = False
    cursors: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None
    rows_before: int = 0
    accepts_shrinking: bool = False


def resource_of(stream: Stream, flattener: Flattener, progress: StreamProgress,
                on_page: Callable[[str, int], None]) -> Any:  # fmt: skip
    """The stream as a dlt resource that fills its raw table and those of its lists."""
    hints = _hints(stream.table)

    def rows(state: dict[str, Any], page: list[Json], *, marks_emptied: bool) -> Iterator[Any]:
        progress.documents_count += len(page)
        on_page(stream.name, progress.documents_count)
        alive = [one for one in page if stream.tells_all_of_deleted or not stream.is_deleted(one)]
        if alive:
            # Lists that never had a row need no rows that say they are empty now.
            filled = state.setdefault("filled", [])
            tables = flattener.tables(
                stream.table, alive, stream.request,
                marks_emptied=set(filled) if marks_emptied else set(),
            )  # fmt: skip
            for name, table in tables.items():
                if table.num_rows:
                    filled += [name] if name not in filled else []
                    yield dlt.mark.with_hints(table, hints[name], create_table_variant=True)
        if any(map(stream.is_deleted, page)):
            yield from _tombstones(stream, flattener, page)

    def documents() -> Iterator[Any]:
        state = dlt.current.resource_state()
        try:
            if stream.changed_at is None:
                yield from _listed(
                    stream, flattener.loaded_at, state, progress, partial(rows, state)
                )
            else:
                yield from _changed(
                    stream, flattener.source, flattener.loaded_at, state, progress,
                    partial(rows, state),
                )  # fmt: skip
        except AccessDeniedError as error:
            if not stream.is_optional or progress.documents_count:
                raise
            progress.refusal = error.message

    return dlt.resource(documents, name=stream.name)


def _tombstones(stream: Stream, flattener: Flattener, page: list[Json]) -> Iterator[Any]:
    """Rows of the table of deletions; they change no document's row yet."""
    told = [
        {"key": f"{stream.name} {one[stream.table.key]}", "table_name": stream.name,
         "id": one[stream.table.key], "deleted_at": str(stream.changed(one))}
        for one in page if stream.is_deleted(one)
    ]  # fmt: skip
    found = flattener.tables(DELETIONS, told, stream.request, marks_emptied=set())
    hints = _hints(DELETIONS)[DELETIONS.name]
    yield dlt.mark.with_hints(found[DELETIONS.name], hints, create_table_variant=True)


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


def _listed(stream: Stream, loaded_at: datetime, state: dict[str, Any], progress: StreamProgress,
            rows: Callable[..., Iterator[Any]]) -> Iterator[Any]:  # fmt: skip
    """Everything, each time; nothing is handed on when all is as it was."""
    found: dict[str, Json] = {}
    for part in stream.parts():
        for page in stream.read(part, None):
            found |= {str(one.get(stream.table.key)): one for one in page}
    _assert_complete(stream, progress, len(found))
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    if digest != state.get("digest"):
        yield from rows(list(found.values()), marks_emptied="digest" in state)
        state["digest"], state["whole_at"] = digest, loaded_at.isoformat()


def _assert_complete(stream: Stream, progress: StreamProgress, count: int) -> None:
    """Refuse a list that broke off: what is not on it would count as deleted."""
    before = progress.rows_before
    if before >= FEW and count < before * SMALLEST_PART and not progress.accepts_shrinking:
        raise HubError(
            f"{stream.request} gave {count:,} {stream.name.replace('_', ' ')}, but {before:,} were "
            "there before: the list seems to be cut off, so it was not loaded.",
            fix="Run again. If so many were really removed, run once with: hub run --only load "
            "--accept-shrinking",
        )


def _changed(stream: Stream, source: str, loaded_at: datetime, state: dict[str, Any],
             progress: StreamProgress,
             rows: Callable[..., Iterator[Any]]) -> Iterator[Any]:  # fmt: skip
    """What changed since the cursors, which move only over what was handed on."""
    cursors: dict[str, str] = state.setdefault("cursors", {})
    known = {part: datetime.fromisoformat(text) for part, text in cursors.items()}
    since = {part: moment - stream.overlap for part, moment in known.items()}
    is_whole = not since or any(map(stream.is_whole_due, since.values()))
    if is_whole:
        since = {}
    asked_at = stream.clock() if stream.clock else None
    window = _Window(stream, source, {} if is_whole else state.get("recent", {}))
    parts = stream.parts()
    for part, page in read_ahead({part: stream.read(part, since.get(part)) for part in parts}):
        window.take(part, page)
        if len(window.waiting) >= DOCUMENTS_AT_ONCE:
            yield from rows(window.handed_on(), marks_emptied=bool(known))
        if stream.is_sorted and window.is_full and window.has_moved(since):
            progress.has_more = True
            break
    yield from rows(window.handed_on(), marks_emptied=bool(known))
    if is_whole and known:
        _assert_complete(stream, progress, len(window.seen))
        state["whole_at"] = loaded_at.isoformat()
    cursors |= window.cursors(dict.fromkeys(parts, asked_at) if asked_at else {})
    state["recent"] = window.recent(cursors) if stream.tells_changes else {}
    progress.cursors = dict(cursors)


class _Window:
    """Documents of one package of a stream: each once, and how far the cursors may move."""

    def __init__(self, stream: Stream, source: str, recent: dict[str, str]) -> None:
        """``recent``: the last change by key of documents that the overlap may give again."""
        self._stream, self._source, self._recent = stream, source, recent
        self.waiting: list[Json] = []
        self.seen: dict[str, datetime] = {}
        self._newest: dict[str, datetime] = {}
        self._missed: dict[str, datetime] = {}

    def take(self, part: str, page: list[Json]) -> None:
        """Add a page.

        A document that changed while the list was read comes twice. One package holds one version
        of it; the cursor stops before the other, so that the next package begins there.
        """
        stream = self._stream
        for one in page:
            key, moment = str(one.get(stream.table.key)), stream.changed(one)
            if moment is None:
                what = f"{stream.name}.{stream.changed_at} is missing or no time"
                raise contract_error(self._source, stream.request, what)
            if self._recent.get(key) == moment.isoformat():
                continue
            if key not in self.seen:
                self.seen[key] = moment
                self.waiting.append(one)
                self._newest[part] = max(moment, self._newest.get(part, moment))
            elif moment > self.seen[key]:
                self._missed[part] = min(moment, self._missed.get(part, moment))

    def handed_on(self) -> list[Json]:
        """What was taken since the last call."""
        waiting, self.waiting = self.waiting, []
        return waiting

    @property
    def is_full(self) -> bool:
        """Whether it is time to load what is there."""
        return len(self.seen) >= MOST_DOCUMENTS

    def has_moved(self, since: dict[str, datetime]) -> bool:
        """Whether the next window would begin later than this one."""
        overlap = self._stream.overlap
        return all(self._newest[part] - overlap > since[part]
                   for part in since if part in self._newest)  # fmt: skip

    def cursors(self, asked_at: dict[str, datetime]) -> dict[str, str]:
        """The newest change per part, or when it was asked; or the first not handed on."""
        return {part: min(moment, self._missed.get(part, moment)).isoformat()
                for part, moment in (self._newest | asked_at).items()}  # fmt: skip

    def recent(self, cursors: dict[str, str]) -> dict[str, str]:
        """The last change by key of what the next window's overlap may give again."""
        start = min(map(datetime.fromisoformat, cursors.values()), default=None)
        if start is None:
            return {}
        known = {key: datetime.fromisoformat(text) for key, text in self._recent.items()}
        since = start - self._stream.overlap
        return {key: moment.isoformat() for key, moment in (known | self.seen).items()
                if moment >= since}  # fmt: skip
