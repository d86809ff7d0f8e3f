"""A stream as a dlt resource: what changed since its cursors, as rows of its raw tables.

Knows cursors and not HTTP: pages come from the stream. The cursor is the newest change that was
loaded, by the source's own clock, and lies in dlt's state, which becomes durable with the rows and
never before them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Literal

import dlt

from ingestion.api.reading import read_ahead
from ingestion.api.shapes import (
    DELETIONS,
    EMPTIED,
    DocumentTable,
    Flattener,
    Json,
    contract_error,
)
from ingestion.api.streams import Stream, StreamProgress
from ingestion.api.tables import FEW, SMALLEST_PART, shrunk
from ingestion.api.window import Window
from ingestion.transport import AccessDeniedError


class StreamResource:
    """Reads one stream once.

    Args:
        flattener: makes rows of documents.
        progress: where it is noted what was read.
        on_page: told the stream's name and how many documents there are by now.
    """

    def __init__(self, stream: Stream, flattener: Flattener, progress: StreamProgress,
                 on_page: Callable[[str, int], None]) -> None:  # fmt: skip
        self._stream, self._flattener = stream, flattener
        self._progress, self._on_page = progress, on_page
        self._hints = _hints(stream.table, is_first=not progress.has_state)
        self._state: dict[str, Any] = {}

    def resource(self) -> Any:
        """The dlt resource; it fills the stream's raw table and those of its lists."""

        def documents() -> Iterator[Any]:  # dlt marks functions, and cannot mark methods
            yield from self._documents()

        return dlt.resource(documents, name=self._stream.name, parallelized=True)

    def _documents(self) -> Iterator[Any]:
        stream, source = self._stream, self._flattener.source
        self._state = dlt.current.resource_state()
        try:
            yield from self._listed() if stream.changed_at is None else self._changed()
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            what = "a part of it is missing or of another kind"
            raise contract_error(source, stream.request, what) from error
        except AccessDeniedError as error:
            if not stream.is_optional or self._progress.documents_count:
                raise
            self._progress.refusal = error.message

    def _listed(self) -> Iterator[Any]:
        """Everything, each time; nothing is handed on when all is as it was."""
        stream, state = self._stream, self._state
        found: dict[str, Json] = {}
        for part in stream.parts():
            for page in stream.read(part, None):
                found |= {str(one.get(stream.table.key)): one for one in page}
        self._assert_complete(len(found))
        digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
        if digest != state.get("digest"):
            yield from self._rows(list(found.values()), may_empty="digest" in state)
            state["digest"] = digest
            state["whole_number"] = self._flattener.load_number

    def _changed(self) -> Iterator[Any]:
        """What changed since the cursors, which move only over what was handed on."""
        stream, state = self._stream, self._state
        cursors: dict[str, str] = state.setdefault("cursors", {})
        known = {part: datetime.fromisoformat(text) for part, text in cursors.items()}
        since = {part: moment - stream.overlap for part, moment in known.items()}
        is_whole = not since or any(map(stream.is_whole_due, since.values()))
        if is_whole:
            since = {}
        asked_at = stream.clock() if stream.clock else None
        window = Window(stream, self._flattener.source,
                        {} if is_whole else state.get("recent", {}))  # fmt: skip
        parts = stream.parts()
        for part, page in read_ahead({part: stream.read(part, since.get(part)) for part in parts}):
            window.take(part, page)
            if len(window.waiting) >= stream.at_once:
                yield from self._rows(window.handed_on(), may_empty=bool(known))
            if stream.is_sorted and window.is_full and window.has_moved(since):
                self._progress.has_more = True
                break
        yield from self._rows(window.handed_on(), may_empty=bool(known))
        if is_whole and known:
            self._assert_complete(len(window.seen))
            state["whole_number"] = self._flattener.load_number
        cursors |= window.cursors(dict.fromkeys(parts, asked_at) if asked_at else {})
        state["recent"] = window.recent(cursors)
        self._progress.cursors = dict(cursors)

    def _assert_complete(self, count: int) -> None:
        """Refuse a list that broke off: what is not on it would count as deleted."""
        before = self._progress.rows_before
        is_small = count < before * SMALLEST_PART and before >= FEW
        if is_small and not self._progress.accepts_shrinking:
            raise shrunk(self._stream, count, before)

    def _rows(self, page: list[Json], *, may_empty: bool) -> Iterator[Any]:
        """Tables of some documents; ``may_empty``: older versions of them may be there."""
        stream, progress = self._stream, self._progress
        progress.documents_count += len(page)
        self._on_page(stream.name, progress.documents_count)
        deleted = [one for one in page if stream.is_deleted(one)]
        alive = page if stream.tells_all_of_deleted else [
            one for one in page if not stream.is_deleted(one)]  # fmt: skip
        # Lists that never had a row need no rows that say they are empty now.
        filled: list[str] = self._state.setdefault("filled", [])
        for name, table in self._flattener.tables(
            stream.table, alive, stream.request, marks_emptied=set(filled) if may_empty else set()
        ).items():
            if table.num_rows:
                filled += [name] if name not in filled else []
                progress.tables.add(name)
                yield dlt.mark.with_hints(table, self._hints[name], create_table_variant=True)
        if deleted:
            yield self._tombstones(deleted)

    def _tombstones(self, deleted: list[Json]) -> Any:
        """Rows of the table of deletions; they change no document's row yet."""
        stream = self._stream
        told = [
            {"key": f"{stream.name} {one[stream.table.key]}", "table_name": stream.name,
             "id": one[stream.table.key], "deleted_at": str(stream.changed(one))}
            for one in deleted
        ]  # fmt: skip
        found = self._flattener.tables(DELETIONS, told, stream.request, marks_emptied=set())
        hints = _hints(DELETIONS, is_first=False)[DELETIONS.name]
        self._progress.tables.add(DELETIONS.name)
        return dlt.mark.with_hints(found[DELETIONS.name], hints, create_table_variant=True)


def _hints(kind: DocumentTable, *, is_first: bool) -> dict[str, Any]:
    """Documents replace their older version by key; rows of their lists go and come with them. A
    first load fills empty tables and need look for nothing."""
    disposition: Literal["append", "merge"] = "append" if is_first else "merge"
    return {
        name: dlt.mark.make_hints(
            table_name=name, write_disposition=disposition, primary_key=kind.key_column
        )
        if name == kind.name
        else dlt.mark.make_hints(
            table_name=name, write_disposition=disposition, merge_key=schema.names[0],
            columns={EMPTIED: {"name": EMPTIED, "hard_delete": True}},
        )
        for name, schema in kind.schemas.items()
    }  # fmt: skip
