"""How a kind of documents of a source is read: by whom, since when, and what its answers mean.

Declarations; resources.py reads by them, each source's ``source`` module makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion.api.shapes import DocumentTable, Json

Pages = Iterator[list[Json]]


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
        tells_changes: whether ``changed_at`` moves with every change; otherwise what was loaded is
            told from what changed by its content.
        is_answer: whether a document is an answer made when it was asked for, and ``changed_at``
            says when. Then only its other content counts, compared with the last one loaded,
            however old that is.
        clock: the source's own; then the cursor is when it was asked last, which may be long after
            the newest change.
        is_optional: an account may be set up without it; then it is left out, and the report says
            so.
        is_deleted: whether a document says that it was deleted.
        tells_all_of_deleted: whether it then still has its fields.
        at_once: so many documents become rows together; fewer where each is large.
        count: how many documents there are at the source.
        all_keys: their keys; asked for when more are here than at the source, to find out which
            were deleted.
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
    is_answer: bool = False
    clock: Callable[[], datetime] | None = None
    is_optional: bool = False
    is_deleted: Callable[[Json], bool] = lambda _: False
    tells_all_of_deleted: bool = False
    at_once: int = 2_000
    count: Callable[[], int] | None = None
    all_keys: Callable[[], Iterator[list[str]]] | None = None
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
    """What one package reads of a stream.

    ``has_state``: something of it was loaded before; ``tables``: the raw tables that get rows.
    """

    documents_count: int = 0
    tables: set[str] = field(default_factory=set)
    has_more: bool = False
    cursors: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None
    rows_before: int = 0
    has_state: bool = True
    accepts_shrinking: bool = False
