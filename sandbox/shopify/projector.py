"""Turns documents into answers: selects, follows references, cuts nested connections.

It executes no resolver per field as a general executor would, because a bulk operation projects
hundreds of thousands of objects. References and nested nodes are fetched per batch of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from sandbox.shopify import cursors
from sandbox.shopify.documents import (
    Document,
    Documents,
    Position,
    sort_key,
    sort_value,
    type_of,
)
from sandbox.shopify.errors import AccessDeniedError, ApiError, MissingFieldError
from sandbox.shopify.plan import AMOUNTS, VALUE_TYPES, Selection, Shape, nodes_of
from sandbox.shopify.schema import search_fields
from sandbox.shopify.search import Search, parse_search

Json = dict[str, Any]
Deferred = list[tuple[Selection, str, Document]]

MAX_PAGE = 250
_TOO_LARGE = (
    "{name} cannot exceed 250. To query larger amounts of data with fewer limits, bulk operations "
    "should be used instead."
)


@dataclass
class Projector:
    """One request's view of the documents.

    Args:
        documents: The world.
        is_visible: Whether the client may see a document of a type.
        zone: The shop's time zone, for dates in searches.
        now: The moment the request is answered at.
        denied: Types, and fields as ``Type.field``, the client may not read, with what they need.
    """

    documents: Documents
    is_visible: Callable[[str, Document], bool] = lambda _type, _document: True
    zone: tzinfo = UTC
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    denied: Mapping[str, str] = field(default_factory=dict)
    searches: list[Json] = field(default_factory=list)
    refusals: dict[tuple[int, int], AccessDeniedError] = field(default_factory=dict)
    _loaded: dict[str, Document | None] = field(default_factory=dict)
    _children: dict[tuple[str, str], Sequence[Document | str]] = field(default_factory=dict)

    def check_access(self, selection: Selection) -> None:
        """Refuse a field of a type the client may not read.

        Raises:
            AccessDeniedError: The scope is missing.
        """
        name = nodes_of(selection) if selection.kind == "connection" else selection.type_name
        for key in (name, f"{selection.parent}.{selection.name}") if self.denied else ():
            if access := self.denied.get(key):
                raise AccessDeniedError(selection.name, access, [selection.key], selection.location)

    def _is_refused(self, selection: Selection) -> bool:
        """Whether a nested field is answered with null, and an error beside the data."""
        if not self.denied:
            return False
        try:
            self.check_access(selection)
        except AccessDeniedError as error:
            if not selection.is_nullable:
                raise
            self.refusals[selection.location] = error
            return True
        return False

    def look_up(self, ids: Iterable[str]) -> None:
        """Fetch documents by id, one call per type; what is not visible counts as absent."""
        wanted: dict[str, list[str]] = {}
        for one in dict.fromkeys(ids):
            if one not in self._loaded and (name := type_of(one)):
                wanted.setdefault(name, []).append(one)
        for name, gids in wanted.items():
            found = self.documents.get(name, gids)
            for gid in gids:
                document = found.get(gid)
                if document is not None and not self.is_visible(name, document):
                    document = None
                self._loaded[gid] = document

    def document(self, gid: str) -> Document | None:
        """One document by id."""
        if gid not in self._loaded:
            self.look_up([gid])
        return self._loaded.get(gid)

    def forget(self) -> None:
        """Drop what was fetched, so that a long stream does not hold the whole world."""
        self._loaded.clear()
        self._children.clear()

    def load(self, shape: Shape, rows: Sequence[Document]) -> None:
        """Fetch in batches what projecting these rows will touch."""
        by_type: dict[str, list[Document]] = {}
        for row in rows:
            by_type.setdefault(concrete_type(shape, row), []).append(row)
        for name, members in by_type.items():
            for selection in shape.fields(name):
                inner = selection.shape
                if inner is None or selection.type_name in VALUE_TYPES:
                    continue
                if selection.kind == "connection":
                    nested = self._load_children(selection, members)
                    node_shape = inner.node_shape()
                else:
                    nested = [value for row in members if (value := row.get(selection.name))]
                    node_shape = inner
                if node_shape is not None and nested:
                    self._load_nested(node_shape, nested)

    def _load_children(self, selection: Selection, rows: Sequence[Document]) -> list[Any]:
        lacking = [row for row in rows if row.get(selection.name) is None and "id" in row]
        if lacking:
            found = self.documents.children(selection.parent, selection.name, lacking)
            for row in lacking:
                self._children[row["id"], selection.name] = found.get(row["id"], ())
        return [self._connected(selection, row) for row in rows]

    def _load_nested(self, shape: Shape, values: Sequence[Any]) -> None:
        flat: list[Any] = []
        for value in values:
            flat.extend(value) if isinstance(value, (list, tuple)) else flat.append(value)
        ids = [value for value in flat if isinstance(value, str)]
        if ids and shape.needs_document:
            self.look_up(ids)
            flat = [self._loaded.get(one) if isinstance(one, str) else one for one in flat]
        known = [value for value in flat if isinstance(value, dict)]
        if known and shape.has_references:
            self.load(shape, known)

    def object(
        self, shape: Shape, document: Document, deferred: Deferred | None = None, node: str = ""
    ) -> Json:
        """Project one document.

        Args:
            shape: What is selected.
            document: The document.
            deferred: When given, connections are put here instead of being answered: a bulk
                operation writes their nodes as lines of their own.
            node: Id of the nearest node above, which deferred nodes name as their parent.

        Raises:
            MissingFieldError: The document lacks what is never null.
        """
        name = concrete_type(shape, document)
        answer: Json = {}
        for selection in shape.fields(name):
            kind = selection.kind
            if kind == "leaf":
                value = document.get(selection.name)
                if value is None and not selection.is_nullable:
                    raise MissingFieldError(
                        name, selection.name, str(document.get("id", "without id"))
                    )
                answer[selection.key] = value
            elif kind == "typename":
                answer[selection.key] = name
            elif (amount := self._whole_amount(selection, document)) is not None:
                answer[selection.key] = amount
            elif kind == "connection":
                if deferred is None:
                    answer[selection.key] = self._nested_connection(selection, document)
                else:
                    deferred.append((selection, node, document))
            else:
                answer[selection.key] = self._objects(selection, document, deferred, node)
        return answer

    def _whole_amount(self, selection: Selection, document: Document) -> Json | None:
        """An amount that can be given as it is: the most frequent of all objects."""
        shape = selection.shape
        if shape is None or not shape.is_whole_amount or selection.kind != "object" or self.denied:
            return None
        value: Json | None = document.get(selection.name)
        return value if value is not None and _is_amount(selection.type_name, value) else None

    def _objects(
        self, selection: Selection, document: Document, deferred: Deferred | None, node: str
    ) -> Any:
        value = document.get(selection.name)
        assert selection.shape is not None
        if self._is_refused(selection):
            return None
        if value is None:
            if not selection.is_nullable:
                gid = str(document.get("id", "without id"))
                raise MissingFieldError(selection.parent, selection.name, gid)
            return None
        if selection.kind == "object":
            answer = self._reference(selection.shape, value, deferred, node)
            if answer is None and not selection.is_nullable:
                raise MissingFieldError(selection.parent, selection.name, str(document.get("id")))
            return answer
        rows = _chosen(selection, value)
        answers = (self._reference(selection.shape, row, deferred, node) for row in rows)
        return [answer for answer in answers if answer is not None]

    def _reference(
        self, shape: Shape, value: Any, deferred: Deferred | None, node: str
    ) -> Json | None:
        if isinstance(value, str):
            if not shape.needs_document:
                value = {"id": value}
            elif (found := self.document(value)) is None:
                return None
            else:
                value = found
        return self.object(shape, value, deferred, node)

    def _connected(self, selection: Selection, document: Document) -> Sequence[Document | str]:
        embedded = document.get(selection.name)
        if embedded is not None:
            return list(embedded)
        gid = document.get("id")
        if gid is None:
            return ()
        if (gid, selection.name) not in self._children:
            found = self.documents.children(selection.parent, selection.name, [document])
            self._children[gid, selection.name] = found.get(gid, ())
        return self._children[gid, selection.name]

    def connected(self, selection: Selection, document: Document) -> list[Document]:
        """All visible nodes of a nested connection, searched and in the order asked for."""
        type_name = nodes_of(selection)
        rows: list[Document] = []
        for value in self._connected(selection, document):
            node = self.document(value) if isinstance(value, str) else value
            if node is not None and self.is_visible(type_name, node):
                rows.append(node)
        if selection.arguments.get("query"):
            rows = list(filter(self.search(selection).matches, rows))
        if "sortKey" in selection.given:
            sort = sort_field(selection)
            rows.sort(key=lambda row: sort_key(sort_value(row, sort), row["id"]))
        if selection.arguments.get("reverse"):
            rows.reverse()
        return rows

    def search(self, selection: Selection) -> Search:
        """The connection's search; what Shopify would warn of is noted for ``extensions``."""
        text = selection.arguments.get("query")
        fields = search_fields(selection.parent, selection.name)
        search = parse_search(text, fields, self.zone, self.now)
        if search.warnings:
            self.searches.append(
                {
                    "path": [selection.key],
                    "query": search.text,
                    "parsed": dict(search.parsed),
                    "warnings": list(search.warnings),
                }
            )
        return search

    def _nested_connection(self, selection: Selection, document: Document) -> Json:
        self.check_access(selection)
        return self.listed(selection, self.connected(selection, document))

    def listed(self, selection: Selection, rows: Sequence[Document]) -> Json:
        """Answer a connection whose nodes are all at hand, cut to the page asked for."""
        size, is_last, edge = window(selection)
        positions = [Position(index, str(row.get("id", index))) for index, row in enumerate(rows)]
        start, end = 0, len(rows)
        if edge is not None:
            at = _index(positions, cursors.decode("position", edge), is_last)
            start, end = (0, at) if is_last else (at + 1, end)
        low = max(start, end - size) if is_last else start
        high = end if is_last else min(end, start + size)
        return self.connection(
            selection,
            rows[low:high],
            [cursors.encode("position", one) for one in positions[low:high]],
            has_next=high < len(rows),
            has_previous=low > 0,
        )

    def root_connection(self, selection: Selection, narrow: Callable[[Search], Search]) -> Json:
        """Answer a connection of the root.

        Args:
            selection: The field.
            narrow: Adds the conditions that apply to every client of this kind.
        """
        size, is_last, edge = window(selection)
        sort = sort_field(selection)
        reverse = bool(selection.arguments.get("reverse"))
        page = self.documents.page(
            nodes_of(selection),
            search=narrow(self.search(selection)),
            sort=sort,
            reverse=reverse != is_last,
            after=cursors.decode(sort, edge) if edge is not None else None,
            first=size,
        )
        rows = list(reversed(page.rows)) if is_last else list(page.rows)
        beyond, behind = page.has_next, edge is not None
        return self.connection(
            selection,
            rows,
            [cursors.encode(sort, Position(sort_value(row, sort), row["id"])) for row in rows],
            has_next=behind if is_last else beyond,
            has_previous=beyond if is_last else behind,
        )

    def connection(
        self,
        selection: Selection,
        rows: Sequence[Document],
        row_cursors: Sequence[str],
        *,
        has_next: bool,
        has_previous: bool,
    ) -> Json:
        """Edges, nodes and page information of one page."""
        assert selection.shape is not None
        if (shape := selection.shape.node_shape()) is not None and shape.has_references:
            self.load(shape, rows)
        info = {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": row_cursors[0] if row_cursors else None,
            "endCursor": row_cursors[-1] if row_cursors else None,
        }
        edges = [
            {"cursor": cursor, "node": row} for cursor, row in zip(row_cursors, rows, strict=True)
        ]
        whole = {"edges": edges, "nodes": list(rows), "pageInfo": info}
        return self.object(selection.shape, whole)


def _is_amount(type_name: str, value: Document) -> bool:
    """Whether nothing is missing of an amount, and nothing else beside it."""
    if tuple(value) != AMOUNTS[type_name]:
        return False
    if type_name == "MoneyV2":
        return True
    own, shown = value.values()
    return tuple(own) == AMOUNTS["MoneyV2"] and (shown is own or tuple(shown) == tuple(own))


def concrete_type(shape: Shape, document: Document) -> str:
    """Type of a document: its own name, that of its id, or the only one possible."""
    if not shape.is_abstract:
        return shape.named.name
    name = document.get("__typename") or type_of(document.get("id", ""))
    if name is None:
        raise ApiError(
            f"The sandbox's document {document.get('id')} does not say which "
            f"{shape.named.name} it is.",
            "INTERNAL_SERVER_ERROR",
        )
    return str(name)


def sort_field(selection: Selection) -> str:
    """Document field a connection is sorted by."""
    key = str(selection.arguments.get("sortKey", "ID"))
    head, *rest = key.lower().split("_")
    return "id" if key in ("ID", "RELEVANCE") else head + "".join(map(str.capitalize, rest))


def window(selection: Selection) -> tuple[int, bool, str | None]:
    """Size of a page, whether it is counted from the end, and the cursor it starts at.

    Raises:
        ApiError: Neither or both of first and last are given, or more than 250.
    """
    first, last = selection.arguments.get("first"), selection.arguments.get("last")
    message = ""
    if first is None and last is None:
        message = "you must provide one of first or last"
    elif first is not None and last is not None:
        message = "providing both first and last is not supported"
    for name, size in (("first", first), ("last", last)):
        if size is not None and size > MAX_PAGE:
            message = _TOO_LARGE.format(name=name)
        elif size is not None and size < 0:
            message = f"{name} must be positive"
    if message:
        raise ApiError(message, "BAD_REQUEST", path=[selection.key], location=selection.location)
    if last is not None:
        return int(last), True, selection.arguments.get("before")
    assert first is not None
    return int(first), False, selection.arguments.get("after")


def _index(positions: Sequence[Position], wanted: Position, is_last: bool) -> int:
    """Where a node stands now; when it is gone, the place that loses none of its neighbours."""
    for index, position in enumerate(positions):
        if position.document_id == wanted.document_id:
            return index
    return int(wanted.value) - (not is_last)


def _chosen(selection: Selection, values: Sequence[Any]) -> Sequence[Any]:
    """Rows of a list field that its arguments keep."""
    arguments = selection.arguments
    if "names" in arguments:
        values = [value for value in values if value.get("name") in arguments["names"]]
    if (first := arguments.get("first")) is not None:
        values = values[:first]
    return values
