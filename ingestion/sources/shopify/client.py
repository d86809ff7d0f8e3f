"""Shopify's Admin API: GraphQL within the cost limit, bulk operations, Shopify's own sales report.

Knows HTTP and Shopify's rules, not what was loaded before. Version 2026-10: throttling comes as
HTTP 200 with the code THROTTLED, each answer says how much cost is left; a bulk operation writes
JSON lines, those of nested connections after their parent and with ``__parentId``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx

from ingestion.api.shapes import TEXT, Connection, Json, Shape, contract_error
from ingestion.sources.shopify.queries import bulk_query, nodes_query, page_query, rest_query
from ingestion.transport import AccessDeniedError, Pace, Transport, rest
from warehouse.errors import HubError

TITLE = "Shopify"
VERSION = "2026-10"
PATH = f"/admin/api/{VERSION}/graphql.json"
ATTEMPTS = 8
NODES_PER_REQUEST, NESTED_FIRST, PER_PAGE = 5, 20, 50
BULK_AT_ONCE = 5
DOCUMENTS_PER_PAGE = 250
# The report cuts off what is beyond a thousand rows without a word.
REPORT_ROWS, REPORT_DAYS = 1_000, 90
START_BULK = """mutation Start($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { id } userErrors { message code } } }"""
WATCH_BULK = """query Watch($id: ID!) {
  bulkOperation(id: $id) { status errorCode objectCount fileSize url } }"""
REPORT = """query Report($query: String!) {
  shopifyqlQuery(query: $query) { parseErrors tableData { columns { name } rows } } }"""


class ShopifyClient:
    """Reads one shop.

    Args:
        api_url: the shop's address; another one for tests and the sandbox.
        auth: signs the requests (see ingestion.auth).
        sleep: waits that many seconds.
    """

    def __init__(self, api_url: str, auth: httpx.Auth, *,
                 on_retry: Callable[[str], None] | None = None,
                 sleep: Callable[[float], None] = rest) -> None:  # fmt: skip
        self._sleep, self._on_retry = sleep, on_retry
        self._http = Transport(TITLE, api_url, auth, pace=Pace(), on_retry=on_retry, sleep=sleep)
        self._bulk_slots = threading.Semaphore(BULK_AT_ONCE)
        self._bucket = _Bucket()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    # --- GraphQL --------------------------------------------------------------------------

    def ask(self, query: str, what: str, /, **variables: Any) -> Json:
        """The data of a query.

        Args:
            what: is asked for, in errors.

        Raises:
            HubError: Shopify refused it, or stayed throttled.
        """
        for attempt in range(ATTEMPTS):
            with self._bucket.reserved(query) as part:
                self._sleep(part.pause)
                answer = self._http.json(
                    "POST", PATH, body={"query": query, "variables": variables}
                )
                self._bucket.learn(query, part, (answer.get("extensions") or {}).get("cost") or {})
            errors = answer.get("errors")
            if not errors and isinstance(answer.get("data"), dict):
                return dict(answer["data"])
            codes = _codes(errors)
            if not codes & {"THROTTLED", "INTERNAL_SERVER_ERROR", "TIMEOUT"}:
                raise _refused(what, codes)
            if self._on_retry:
                self._on_retry(f"{TITLE}: {what}: {', '.join(sorted(codes))}")
            self._sleep(min(0.5 * 2**attempt, 10.0))
        raise HubError(f"{TITLE} did not answer {what} ({ATTEMPTS} attempts).",
                       fix="Nothing is lost: run again later.")  # fmt: skip

    def count(self, name: str) -> int:
        """How many there are, such as ``ordersCount``."""
        return int(self.ask(f"{{{name}(limit: null){{count}}}}", name)[name]["count"])

    def single(self, name: str, fields: str) -> Json | None:
        """A root object, such as the shop."""
        found = self.ask(f"{{{name}{{{fields}}}}}", name)[name]
        return dict(found) if found else None

    def pages(
        self, path: tuple[str, ...], shape: Shape, arguments: str = ""
    ) -> Iterator[list[Json]]:
        """Pages of a connection; nothing when an object on the way to it is not there."""
        query, after = page_query(path, shape, arguments), None
        while True:
            found: Any = self.ask(query, ".".join(path), first=PER_PAGE, after=after)
            for name in path:
                found = found[name]
                if found is None:
                    return
            if found["nodes"]:
                yield found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                return
            after = found["pageInfo"]["endCursor"]

    def complete(self, type_name: str, documents: list[Json], name: str, inner_type: str,
                 shape: Shape) -> None:  # fmt: skip
        """Add to the elements of a document's list what only a query by id gives.

        Args:
            name: the list, such as ``refunds`` of orders.
            inner_type, shape: of its elements; their connections are drained.
        """
        wanted = {document["id"]: document for document in documents if document[name]}
        query = nodes_query(type_name, {"id": TEXT, name: [shape]}, NESTED_FIRST)
        ids = list(wanted)
        for start in range(0, len(ids), NODES_PER_REQUEST):
            some = ids[start : start + NODES_PER_REQUEST]
            for node in self.ask(query, f"nodes of {type_name}", ids=some)["nodes"]:
                if node:
                    wanted[node["id"]][name] = [
                        self._drained(inner_type, shape, element) for element in node[name]
                    ]

    def _drained(self, type_name: str, shape: Shape, node: Json) -> Json:
        for name, kind in shape.items():
            if not isinstance(kind, Connection):
                continue
            page = node[name]
            rows = list(page["nodes"])
            while page["pageInfo"]["hasNextPage"]:
                query = rest_query(type_name, name, kind[0])
                after = page["pageInfo"]["endCursor"]
                page = self.ask(query, f"{type_name}.{name}", id=node["id"], after=after)["node"][
                    name
                ]
                rows += page["nodes"]
            node[name] = rows
        return node

    # --- bulk -----------------------------------------------------------------------------

    def bulk(self, root: str, shape: Shape, search: str | None = None) -> Iterator[list[Json]]:
        """All documents of a root connection with all that is below them, page by page."""
        with self._bulk_slots:
            operation = self._finished(bulk_query(root, shape, search), root)
            due = int(operation["objectCount"])
            if operation["url"] is None:
                return
            lines = _Lines(self._http.lines(operation["url"], f"the file of {root}",
                                            int(operation["fileSize"])))  # fmt: skip
            yield from _assembled(root, shape, lines)
            if lines.count != due:
                raise HubError(
                    f"{TITLE} wrote {due:,} objects for {root}, but {lines.count:,} came.",
                    fix="Run again.",
                )  # fmt: skip

    def _finished(self, query: str, root: str) -> Json:
        """Start an operation and wait for its end."""
        identity = self._started(query, root)
        pause = 0.05
        while True:
            found = self.ask(WATCH_BULK, "the bulk operation", id=identity)["bulkOperation"]
            if found["status"] == "COMPLETED":
                return dict(found)
            if found["status"] not in ("CREATED", "RUNNING"):
                if found["errorCode"] == "ACCESS_DENIED":
                    raise _refused(root, {"ACCESS_DENIED"})
                raise HubError(
                    f"{TITLE}'s bulk operation for {root} ended as {found['status']} "
                    f"({found['errorCode']}) after {found['objectCount']} objects.",
                    fix="Nothing is lost: run again later.",
                )  # fmt: skip
            self._sleep(pause)
            pause = min(pause * 1.5, 10.0)

    def _started(self, query: str, root: str) -> str:
        pause = 1.0
        for _ in range(30):
            answer = self.ask(START_BULK, f"a bulk operation for {root}", query=query)
            answer = answer["bulkOperationRunQuery"]
            if not answer["userErrors"]:
                return str(answer["bulkOperation"]["id"])
            codes = {error.get("code") or "" for error in answer["userErrors"]}
            if codes & {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}:
                self._sleep(pause)  # another program's operations; theirs end
                pause = min(2 * pause, 30.0)
                continue
            raise _refused(f"a bulk operation for {root}", codes)
        raise HubError(f"{TITLE} is busy with other bulk operations.", fix="Run again later.")

    # --- report ---------------------------------------------------------------------------

    def today(self) -> date:
        """The day in UTC by Shopify's clock."""
        self.single("shop", "id")
        return self._http.today()

    def report(self, shown: list[str], grouped: list[str], first: date) -> Iterator[Json]:
        """Shopify's own sums per day until now; money as decimal text in the shop's currency."""
        start, last = first, self.today() + timedelta(days=1)
        while start <= last:
            end = min(start + timedelta(days=REPORT_DAYS - 1), last)
            text = (f"FROM sales SHOW {', '.join(shown)} GROUP BY {', '.join(grouped)} "
                    f"TIMESERIES day SINCE {start} UNTIL {end} LIMIT {REPORT_ROWS}")  # fmt: skip
            answer = self.ask(REPORT, "shopifyqlQuery", query=text)["shopifyqlQuery"]
            if answer["parseErrors"]:
                raise _refused("the sales report", {"PARSE_ERROR"})
            names = [column["name"] for column in answer["tableData"]["columns"]]
            rows = answer["tableData"]["rows"]
            if len(rows) >= REPORT_ROWS:
                raise HubError("The sales report has more rows a day than can be read.",
                               fix="Report this line.")  # fmt: skip
            for row in rows:
                yield row if isinstance(row, dict) else dict(zip(names, row, strict=True))
            start = end + timedelta(days=1)


@dataclass(frozen=True)
class _Part:
    """What one query takes of the bucket: points, and seconds until they are there."""

    cost: float
    pause: float


class _Bucket:
    """How much query cost is left, shared by all threads.

    A query takes its part before it is sent, so that threads which wait at the same time do not
    all count on the same points. What a query costs is known from its first answer on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._available = self._most = float("inf")
        self._rate, self._under_way = 50.0, 0.0
        self._at = time.monotonic()
        self._costs: dict[str, float] = {}

    @contextmanager
    def reserved(self, query: str) -> Iterator[_Part]:
        """Take the cost of a query while the block runs."""
        with self._lock:
            cost = self._costs.get(query, 0.0)
            now = time.monotonic()
            restored = self._available + (now - self._at) * self._rate
            self._available, self._at = min(restored, self._most) - cost, now
            self._under_way += cost
            part = _Part(cost, max(0.0, -self._available / self._rate))
        try:
            yield part
        finally:
            with self._lock:
                self._under_way -= cost

    def learn(self, query: str, part: _Part, told: Json) -> None:
        """Take over what an answer said; of what is left, other queries have their parts."""
        status = told.get("throttleStatus")
        if not status:
            return
        with self._lock:
            self._costs[query] = float(told.get("requestedQueryCost") or 0.0)
            self._rate = max(float(status["restoreRate"]), 1.0)
            self._most = float(status["maximumAvailable"])
            self._available = float(status["currentlyAvailable"]) - self._under_way + part.cost
            self._at = time.monotonic()


class _Lines:
    """Lines of a bulk operation, counted."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self.count = lines, 0

    def __iter__(self) -> Iterator[Json]:
        for line in self._lines:
            self.count += 1
            yield json.loads(line)


def _assembled(root: str, shape: Shape, lines: _Lines) -> Iterator[list[Json]]:
    """Documents put together; the lines below a document stand between it and the next."""
    kinds = _connections(shape)
    page: list[Json] = []
    holders: dict[str, tuple[Json, list[tuple[str, Shape, frozenset[str]]]]] = {}
    for line in lines:
        parent = line.pop("__parentId", None)
        if parent is None:
            if len(page) >= DOCUMENTS_PER_PAGE:
                yield page
                page = []
            holders = {}
            page.append(line)
            inner, candidates = shape, kinds
        else:
            if parent not in holders:
                raise contract_error(TITLE, f"bulk {root}", "a line's parent does not precede it")
            holder, candidates = holders[parent]
            found = [one for one in candidates if one[2] <= line.keys()]
            if not found:
                raise contract_error(TITLE, f"bulk {root}", "a line is of none of the lists asked")
            name, inner, _ = max(found, key=lambda one: len(one[2]))
            holder[name].append(line)
            candidates = _connections(inner)
        if candidates and "id" in line:
            holders[line["id"]] = (line, candidates)
        for name, _, _ in candidates:
            line[name] = []
    if page:
        yield page


def _connections(shape: Shape) -> list[tuple[str, Shape, frozenset[str]]]:
    """(name, shape of its nodes, fields that each node has) of a shape's connections."""
    return [
        (name, kind[0], frozenset(key for key, inner in kind[0].items()
                                  if getattr(inner, "is_always", False)))
        for name, kind in shape.items() if isinstance(kind, Connection)
    ]  # fmt: skip


def _codes(errors: Any) -> set[str]:
    """The codes of GraphQL errors; their texts may quote values, so they are left out."""
    if not isinstance(errors, list):
        return {"UNKNOWN"}
    return {str((error.get("extensions") or {}).get("code") or "UNKNOWN") for error in errors
            if isinstance(error, dict)}  # fmt: skip


def _refused(what: str, codes: set[str]) -> HubError:
    listed = ", ".join(sorted(codes))
    if "ACCESS_DENIED" in codes:
        return AccessDeniedError(
            f"{TITLE} refused {what} ({listed}): the connection lacks a permission for it.",
            fix="Add the permission to the app, then run: hub connect shopify",
        )
    return HubError(
        f"{TITLE} refused {what} ({listed}).",
        fix="This is a fault of the hub or a change of the API: please report it with this line.",
    )
