"""Bulk operations: a query run in the background, its nodes written as lines of JSON.

The rules are those of https://shopify.dev/docs/api/usage/bulk-operations/queries. Every node of a
connection becomes a line of its own; nested ones name the node above in ``__parentId``. Arguments
that page (``first``, ``after``) and ``pageInfo`` are ignored, as in reality.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Literal

from graphql import GraphQLObjectType

from sandbox.shopify.documents import Document
from sandbox.shopify.errors import ApiError, Json
from sandbox.shopify.plan import Selection, Shape, compile_selections, nodes_of
from sandbox.shopify.projector import Deferred, Projector, sort_field
from sandbox.shopify.schema import schema
from sandbox.shopify.search import Search
from sandbox.shopify.validation import (
    InvalidDocumentError,
    fragments,
    is_mutation,
    operation,
    validated,
)

AT_ONCE = 5
MAX_CONNECTIONS = 5
MAX_DEPTH = 2
_CHUNK = 500
_URL_LIFE = timedelta(days=7)
_ACTIVE = ("CREATED", "RUNNING", "CANCELING")

ErrorCode = Literal["ACCESS_DENIED", "INTERNAL_SERVER_ERROR", "TIMEOUT"]
Narrow = Callable[[str, Search], Search]


class RefusedQueryError(Exception):
    """A query that cannot be run in bulk; ``messages`` says why."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(messages[0])
        self.messages = messages


_encoded = json.JSONEncoder(separators=(",", ":")).encode


class _CanceledError(Exception):
    pass


@dataclass(frozen=True)
class Failure:
    """How the next operation fails: after so many objects, with or without partial data."""

    after_objects: int
    code: ErrorCode = "INTERNAL_SERVER_ERROR"
    keeps_partial_data: bool = True


@dataclass
class BulkOperation:
    """One operation and its file."""

    number: int
    query: str
    created_at: datetime
    file: Path
    address: str
    status: str = "CREATED"
    objects: int = 0
    roots: int = 0
    error_code: ErrorCode | None = None
    completed_at: datetime | None = None
    has_partial_data: bool = False
    failure: Failure | None = None
    is_cancel_wanted: threading.Event = field(default_factory=threading.Event)

    @property
    def gid(self) -> str:
        """Global id."""
        return f"gid://shopify/BulkOperation/{self.number}"

    def document(self, now: datetime) -> Document:
        """The operation as the API shows it."""
        is_old = self.completed_at is not None and now - self.completed_at > _URL_LIFE
        has_file = self.status == "COMPLETED" and self.objects > 0
        url = f"{self.address}/bulk/{self.number}.jsonl"
        return {
            "__typename": "BulkOperation",
            "id": self.gid,
            "status": "EXPIRED" if is_old and self.status == "COMPLETED" else self.status,
            "errorCode": self.error_code,
            "createdAt": _text(self.created_at),
            "completedAt": _text(self.completed_at) if self.completed_at else None,
            "objectCount": str(self.objects),
            "rootObjectCount": str(self.roots),
            "fileSize": str(self.file.stat().st_size) if has_file else None,
            "url": url if has_file and not is_old else None,
            "partialDataUrl": url if self.has_partial_data and not is_old else None,
            "query": self.query,
            "type": "QUERY",
        }


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class BulkOperations:
    """All bulk operations of a shop.

    Args:
        now: The clock.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._folder = Path(tempfile.mkdtemp(prefix="shopify-bulk-"))
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="bulk")
        self._by_number: dict[int, BulkOperation] = {}
        self._may_run = threading.Event()
        self._may_run.set()
        self._lock = threading.Lock()
        self._failure: Failure | None = None

    def close(self) -> None:
        """Stop what runs and remove the files."""
        for one in self._by_number.values():
            one.is_cancel_wanted.set()
        self._may_run.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def pause(self) -> None:
        """Let operations wait before their next batch of rows."""
        self._may_run.clear()

    def resume(self) -> None:
        """Let paused operations go on."""
        self._may_run.set()

    def fail_next(self, failure: Failure) -> None:
        """Let the next operation that is started fail."""
        self._failure = failure

    def all(self) -> list[BulkOperation]:
        """Operations, newest first."""
        return list(reversed(self._by_number.values()))

    def find(self, gid: str) -> BulkOperation | None:
        """An operation by its global id."""
        return next((one for one in self._by_number.values() if one.gid == gid), None)

    def file(self, number: int) -> Path | None:
        """File of an operation whose link works."""
        one = self._by_number.get(number)
        if one is None:
            return None
        shown = one.document(self._now())
        return one.file if shown["url"] or shown["partialDataUrl"] else None

    def start(
        self, text: str, is_grouped: bool, projector: Projector, narrow: Narrow, address: str
    ) -> BulkOperation | None:
        """Start an operation, or return None when as many run as may.

        Args:
            text: The query.
            is_grouped: Whether children follow their parent directly.
            projector: The client's view of the documents.
            narrow: Adds the conditions that apply to this client.
            address: Where the file will be served.

        Raises:
            RefusedQueryError: The query cannot be run in bulk.
        """
        shape = bulk_shape(text)
        with self._lock:
            if sum(one.status in _ACTIVE for one in self._by_number.values()) >= AT_ONCE:
                return None
            number = 1000 + len(self._by_number)
            one = BulkOperation(
                number, text, self._now(), self._folder / f"{number}.jsonl", address,
                failure=self._failure,
            )  # fmt: skip
            self._failure = None
            self._by_number[number] = one
        lines = BulkLines(projector, narrow, is_grouped)
        self._pool.submit(self._run, one, lines, shape)
        return one

    def cancel(self, one: BulkOperation) -> bool:
        """Ask a running operation to stop; False when it has ended already."""
        if one.status not in _ACTIVE:
            return False
        one.status = "CANCELING"
        one.is_cancel_wanted.set()
        return True

    def _run(self, one: BulkOperation, lines: BulkLines, shape: Shape) -> None:
        if one.status == "CREATED":
            one.status = "RUNNING"
        try:
            with one.file.open("w", encoding="utf-8") as file:
                for batch, roots in lines.batches(shape):
                    self._write(one, file.write, batch)
                    one.roots += roots
            self._wait(one)
            one.status = "COMPLETED"
        except _CanceledError:
            one.status = "CANCELED"
        except ApiError as error:
            one.error_code = "TIMEOUT" if error.code == "TIMEOUT" else "INTERNAL_SERVER_ERROR"
            if error.code == "ACCESS_DENIED":
                one.error_code = "ACCESS_DENIED"
            one.has_partial_data = one.objects > 0 and bool(
                one.failure and one.failure.keeps_partial_data
            )
            one.status = "FAILED"
        except Exception:
            # A fault of the sandbox must not leave the client polling for ever.
            one.error_code, one.status = "INTERNAL_SERVER_ERROR", "FAILED"
            raise
        finally:
            one.completed_at = self._now()

    def _wait(self, one: BulkOperation) -> None:
        while not self._may_run.wait(0.02) and not one.is_cancel_wanted.is_set():
            pass
        if one.is_cancel_wanted.is_set():
            raise _CanceledError

    def _write(
        self, one: BulkOperation, write: Callable[[str], int], batch: Sequence[Json]
    ) -> None:
        self._wait(one)
        room = one.failure.after_objects - one.objects if one.failure else len(batch)
        kept = batch[:room]
        write("".join(_encoded(line) + "\n" for line in kept))
        one.objects += len(kept)
        if one.failure and len(kept) < len(batch):
            raise ApiError("The bulk operation was made to fail.", one.failure.code)


@dataclass
class BulkLines:
    """Lines of a bulk operation, batch by batch.

    Ungrouped, the children of a batch of rows follow the whole batch; grouped, each row's children
    follow it.
    """

    projector: Projector
    narrow: Narrow
    is_grouped: bool = False

    def batches(self, shape: Shape) -> Iterator[tuple[list[Json], int]]:
        """Batches of lines with the number of root nodes among them."""
        for selection in shape.own_fields():
            self.projector.check_access(selection)
            if selection.kind == "connection":
                yield from self._root_batches(selection, self._stream(selection))
            elif selection.shape is not None:
                yield from self._below_object(selection)

    def _stream(self, selection: Selection) -> Iterator[Document]:
        search = self.narrow(nodes_of(selection), self.projector.search(selection))
        return self.projector.documents.stream(
            nodes_of(selection),
            search=search,
            sort=sort_field(selection),
            reverse=bool(selection.arguments.get("reverse")),
        )

    def _below_object(self, selection: Selection) -> Iterator[tuple[list[Json], int]]:
        """Connections of an object such as ``shop`` or ``order(id:)`` are the root ones."""
        gid = selection.arguments.get("id")
        documents = self.projector.documents
        one = self.projector.document(gid) if gid else documents.single(selection.name)
        if one is None or selection.shape is None:
            return
        deferred: Deferred = []
        self.projector.object(selection.shape, one, deferred)
        for inner, _, document in deferred:
            rows = self.projector.connected(inner, document)
            yield from self._root_batches(inner, iter(rows))

    def _root_batches(
        self, selection: Selection, rows: Iterator[Document]
    ) -> Iterator[tuple[list[Json], int]]:
        shape = selection.shape.node_shape() if selection.shape else None
        if shape is None:
            return
        while chunk := list(islice(rows, _CHUNK)):
            self.projector.load(shape, chunk)
            batch: list[Json] = []
            self._level(shape, [("", row) for row in chunk], batch)
            for refusal in self.projector.refusals.values():
                raise refusal  # one answer has room for nulls and errors, a file has not
            yield batch, len(chunk)
            self.projector.forget()

    def _level(self, shape: Shape, rows: list[tuple[str, Document]], batch: list[Json]) -> None:
        project = self.projector.object
        waiting: Deferred = []
        for parent, row in rows:
            deferred: Deferred = []
            line = project(shape, row, deferred, str(row.get("id", "")))
            if parent:
                line["__parentId"] = parent
            batch.append(line)
            if self.is_grouped:
                self._children(deferred, batch)
            else:
                waiting.extend(deferred)
        self._children(waiting, batch)

    def _children(self, deferred: Deferred, batch: list[Json]) -> None:
        by_shape: dict[int, tuple[Shape, list[tuple[str, Document]]]] = {}
        for selection, parent, document in deferred:
            self.projector.check_access(selection)
            shape = selection.shape.node_shape() if selection.shape else None
            if shape is not None:
                found = by_shape.setdefault(id(shape), (shape, []))
                found[1].extend(
                    (parent, node) for node in self.projector.connected(selection, document)
                )
        for shape, rows in by_shape.values():
            self._level(shape, rows, batch)


def bulk_shape(text: str) -> Shape:
    """Check a query against the rules of bulk operations.

    Raises:
        RefusedQueryError: It breaks one or more.
    """
    try:
        document = validated(text)
        chosen = operation(document, None)
        if is_mutation(chosen):
            raise RefusedQueryError(
                ["Invalid operation type. Only `query` operations are supported."]
            )
    except InvalidDocumentError as error:
        raise RefusedQueryError([f"Invalid bulk query: {error}"]) from None
    query = schema().query_type
    assert isinstance(query, GraphQLObjectType)
    shape = compile_selections(query, chosen.selection_set, fragments(document), {})
    found = _Connections()
    found.walk(shape, (), 0, is_in_list=False, has_id=True, parent="")
    found.has_node_root = any(one.name in ("node", "nodes") for one in shape.own_fields())
    messages = found.objections()
    if messages:
        raise RefusedQueryError(messages)
    return shape


@dataclass
class _Connections:
    """What the rules look at."""

    paths: set[tuple[str, ...]] = field(default_factory=set)
    depth: int = 0
    through_nodes: dict[str, None] = field(default_factory=dict)
    without_id: dict[str, None] = field(default_factory=dict)
    is_in_list: bool = False
    has_node_root: bool = False

    def walk(
        self,
        shape: Shape,
        path: tuple[str, ...],
        depth: int,
        *,
        is_in_list: bool,
        has_id: bool,
        parent: str,
    ) -> None:
        for type_name in shape.type_names():
            for one in shape.fields(type_name):
                if one.shape is None:
                    continue
                here = (*path, one.key)
                if one.kind == "connection":
                    self._enter(one, here, depth, is_in_list, has_id, parent)
                else:
                    in_list = is_in_list or one.kind == "list"
                    self.walk(one.shape, here, depth, is_in_list=in_list, has_id=has_id,
                              parent=parent)  # fmt: skip

    def _enter(
        self,
        one: Selection,
        path: tuple[str, ...],
        depth: int,
        is_in_list: bool,
        has_id: bool,
        parent: str,
    ) -> None:
        assert one.shape is not None
        self.paths.add(path)
        self.depth = max(self.depth, depth)
        self.is_in_list |= is_in_list
        if not has_id:
            self.without_id[parent] = None
        if any(inner.name == "nodes" for inner in one.shape.own_fields()):
            self.through_nodes[one.name] = None
        shape = one.shape.node_shape()
        if shape is not None:
            selects_id = any(
                inner.key == "id" == inner.name for inner in shape.fields(shape.type_names()[0])
            )
            self.walk(shape, path, depth + 1, is_in_list=False, has_id=selects_id, parent=one.name)

    def objections(self) -> list[str]:
        messages = []
        if self.through_nodes:
            names = list(self.through_nodes)
            listed = "', '".join(names)
            messages.append(
                "All connection fields in a bulk query must select their contents using 'edges' > "
                f"'node', e.g: '{names[0]} {{ edges {{ node {{'. Selecting via 'nodes' is not "
                f"supported. Invalid connection fields: '{listed}'."
            )
        if self.has_node_root:
            messages.append("Bulk queries cannot contain a top level `node` field.")
        if self.depth > MAX_DEPTH:
            messages.append(
                "Bulk queries cannot contain connections with a nesting depth greater than "
                f"{MAX_DEPTH}."
            )
        if len(self.paths) > MAX_CONNECTIONS:
            messages.append(f"Bulk queries cannot contain more than {MAX_CONNECTIONS} connections.")
        if self.without_id:
            messages.append(
                "The parent 'node' field for a nested connection must select the 'id' field "
                "without an alias and must be of 'ID' return type. Connection fields without "
                f"'id': {', '.join(self.without_id)}."
            )
        if self.is_in_list:
            messages.append(
                "Queries that contain a connection field within a list field are not currently "
                "supported."
            )
        if not self.paths and (not messages or self.has_node_root):
            messages.append("Bulk queries must contain at least one connection.")
        return messages
