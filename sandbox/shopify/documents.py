"""What the server needs of a world: documents by id, in pages, as a stream; and its reports.

A document is a plain dict with the schema's own field names: money as
``{"amount": "12.34", "currencyCode": "USD"}``, times as ``2026-10-03T12:00:00Z``, ids as
``gid://shopify/Order/1``, 64-bit numbers as text. Where the schema says object, a document holds a
dict or the id of another document; where it says connection, a list of either, or nothing, and then
the server asks for ``children``. A dict of an abstract type names its own in ``__typename`` or its
id.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from operator import itemgetter
from typing import Any, Protocol

from sandbox.shopify.search import Search

Document = dict[str, Any]
SortKey = tuple[bool, Any, int, str]

_GID = re.compile(r"gid://shopify/(\w+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: the value it was sorted by, and its id."""

    value: Any
    document_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, and whether more follow."""

    rows: Sequence[Document]
    has_next: bool


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a ShopifyQL query asks of a dataset.

    ``dimensions`` may contain ``day``, whose values are ISO dates in the shop's time zone;
    ``until`` is the last day that counts.
    """

    dataset: str
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    since: date
    until: date
    filters: Mapping[str, str] = field(default_factory=dict)


class Documents(Protocol):
    """A world as the Admin API shows it. Requests and bulk operations call it from many threads."""

    def single(self, field_name: str) -> Document | None:
        """The document of a root field without arguments, such as ``shop``."""

    def get(self, type_name: str, ids: Sequence[str]) -> Mapping[str, Document]:
        """Documents by id; unknown ids are left out. All ids name the same type."""

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
        """One page of a root connection.

        Args:
            type_name: Type of the nodes.
            search: What to keep; ``search.conjuncts`` can be pushed down, ``search.matches``
                decides.
            sort: Field of the document to sort by; ties are broken by id.
            reverse: Whether the order is descending.
            after: Only rows behind this position, in the order asked for.
            first: Most rows to return.
        """

    def stream(
        self, type_name: str, *, search: Search, sort: str, reverse: bool
    ) -> Iterator[Document]:
        """All rows of a root connection, for bulk operations."""

    def children(
        self, type_name: str, field_name: str, parents: Sequence[Document]
    ) -> Mapping[str, Sequence[Document | str]]:
        """Nodes of a nested connection that the parents do not hold, by the parent's id."""

    def report(self, request: ReportRequest) -> Iterable[Mapping[str, Any]]:
        """Rows of the shop's own report, with a member per dimension and metric."""


def type_of(gid: str) -> str | None:
    """Type that a global id names, or None when the text is no global id."""
    found = _GID.match(gid)
    return found[1] if found else None


def number_of(gid: str) -> int:
    """Number of a global id; 0 when it has none."""
    found = _GID.match(gid)
    return int(found[2]) if found else 0


def sort_value(document: Document, sort: str) -> Any:
    """Value of a document that it is sorted by."""
    value = number_of(document["id"]) if sort == "id" else document.get(sort)
    return value if isinstance(value, (int, float, str)) else None


def sort_key(value: Any, document_id: str) -> SortKey:
    """Total order over values and ids, with missing values first."""
    return (value is not None, value if value is not None else 0, number_of(document_id),
            document_id)  # fmt: skip


class MemoryDocuments:
    """Documents held in dicts: what tests use, and worlds that fit into memory."""

    def __init__(self) -> None:
        self._by_type: dict[str, dict[str, Document]] = {}
        self._singles: dict[str, Document] = {}
        self._children: dict[tuple[str, str, str], list[Document | str]] = {}
        self._reports: dict[str, list[Mapping[str, Any]]] = {}
        self._sorted: dict[tuple[str, str], tuple[list[SortKey], list[Document]]] = {}

    def add(self, type_name: str, *documents: Document) -> None:
        """Add documents, or replace those with the same id."""
        held = self._by_type.setdefault(type_name, {})
        for document in documents:
            held[document["id"]] = document
        self._sorted.clear()

    def take_over(self, other: MemoryDocuments) -> None:
        """Hold all documents of another, which stays as it is."""
        for type_name, held in other._by_type.items():
            self._by_type[type_name] = dict(held)
        self._singles.update(other._singles)
        self._sorted.clear()

    def remove(self, type_name: str, document_id: str) -> None:
        """Remove a document."""
        del self._by_type[type_name][document_id]
        self._sorted.clear()

    def add_single(self, field_name: str, document: Document) -> None:
        """Set the document of a root field such as ``shop``."""
        self._singles[field_name] = document
        if type_name := type_of(document.get("id", "")):
            self.add(type_name, document)

    def add_children(
        self, type_name: str, field_name: str, parent_id: str, nodes: Iterable[Document | str]
    ) -> None:
        """Append nodes to a nested connection."""
        self._children.setdefault((type_name, field_name, parent_id), []).extend(nodes)

    def add_report(self, dataset: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add finished rows of a report; each holds its dimensions and metrics."""
        self._reports.setdefault(dataset, []).extend(rows)

    def single(self, field_name: str) -> Document | None:
        """See `Documents.single`."""
        return self._singles.get(field_name)

    def get(self, type_name: str, ids: Sequence[str]) -> Mapping[str, Document]:
        """See `Documents.get`."""
        held = self._by_type.get(type_name, {})
        return {one: held[one] for one in ids if one in held}

    def _ordered(self, type_name: str, sort: str) -> tuple[list[SortKey], list[Document]]:
        known = self._sorted.get((type_name, sort))
        if known is None:
            rows = list(self._by_type.get(type_name, {}).values())
            keyed = sorted(
                ((sort_key(sort_value(row, sort), row["id"]), row) for row in rows),
                key=itemgetter(0),
            )
            known = [key for key, _ in keyed], [row for _, row in keyed]
            self._sorted[type_name, sort] = known
        return known

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
        keys, rows = self._ordered(type_name, sort)
        edge = sort_key(after.value, after.document_id) if after else None
        if reverse:
            end = bisect_left(keys, edge) if edge else len(rows)
            wanted = (rows[at] for at in range(end - 1, -1, -1))
        else:
            start = bisect_right(keys, edge) if edge else 0
            wanted = (rows[at] for at in range(start, len(rows)))
        taken = list(islice(filter(search.matches, wanted), first + 1))
        return Page(taken[:first], len(taken) > first)

    def stream(
        self, type_name: str, *, search: Search, sort: str, reverse: bool
    ) -> Iterator[Document]:
        """See `Documents.stream`."""
        _, rows = self._ordered(type_name, sort)
        return filter(search.matches, reversed(rows) if reverse else iter(rows))

    def children(
        self, type_name: str, field_name: str, parents: Sequence[Document]
    ) -> Mapping[str, Sequence[Document | str]]:
        """See `Documents.children`."""
        keys = {parent["id"]: (type_name, field_name, parent["id"]) for parent in parents}
        return {one: self._children[key] for one, key in keys.items() if key in self._children}

    def report(self, request: ReportRequest) -> Iterable[Mapping[str, Any]]:
        """See `Documents.report`: rows are chosen by day, and not added up."""
        since, until = request.since.isoformat(), request.until.isoformat()
        return [
            row
            for row in self._reports.get(request.dataset, [])
            if since <= str(row.get("day", since)) <= until
        ]
