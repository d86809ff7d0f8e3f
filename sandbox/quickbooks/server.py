"""The API over HTTP: queries, reads, changed data, batches, reports; faults as QuickBooks words
them, in JSON or XML.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.quickbooks.books import Books, Clock
from sandbox.quickbooks.documents import Documents, Json, stamp
from sandbox.quickbooks.entities import ENTITIES, Entity
from sandbox.quickbooks.errors import (
    THROTTLED,
    UNAUTHORIZED,
    WRONG_COMPANY,
    QuickBooksError,
    gateway_body,
    invalid_query,
    not_found,
)
from sandbox.quickbooks.limits import Limits
from sandbox.quickbooks.names import Names
from sandbox.quickbooks.query import MOST, Query, moment, parse
from sandbox.quickbooks.reports import Reports
from sandbox.quickbooks.xml import to_xml
from sandbox.serving import FastJSONResponse
from sandbox.world.world import World

COMPANY_ID = "9341453000000001"
LOOK_BACK = timedelta(days=30)
MOST_IN_BATCH = 30


class QuickBooks:
    """One company's data, as the API tells it."""

    def __init__(self, world: World, now: Clock | None = None) -> None:
        """Write the books and get ready."""
        self.books = Books(world, now)
        self.documents = Documents(self.books)
        self.names = Names(self.books)
        self.reports = Reports(self.books)

    def query(self, text: str) -> Json:
        """What a query asks for, as a ``QueryResponse``."""
        query = parse(text)
        if query.entity is None:
            made = self._company(query.name)
            return {"QueryResponse": {**made, "startPosition": 1, "maxResults": 1}}
        relation, entity = query.entity.relation, query.entity
        where = list(query.where)
        if entity.is_document:
            where.append("not is_deleted")
        if entity.has_active and not query.asks_active:
            where.append("is_active")
        condition = f"where {' and '.join(where)}" if where else ""
        if query.is_count:
            (row,) = self.books.rows(
                f"select count(*) as found from {relation} {condition}", query.parameters
            )
            return {"QueryResponse": {"totalCount": row["found"]}}
        rows = self.books.rows(
            f"select * from {relation} {condition} "
            f"order by {query.order + ', ' if query.order else ''}{entity.order} "
            f"limit {query.limit} offset {query.start - 1}",
            query.parameters,
        )
        found = self._made(entity, rows)
        if not found:
            return {"QueryResponse": {}}
        return {"QueryResponse": {
            entity.key: [_shown(document, query) for document in found],
            "startPosition": query.start, "maxResults": len(found),
        }}  # fmt: skip

    def _company(self, name: str) -> Json:
        if name.lower() == "companyinfo":
            return {"CompanyInfo": [self.names.company()]}
        return {"Preferences": [self.names.preferences()]}

    def _made(self, entity: Entity, rows: list[Json]) -> list[Json]:
        if entity.is_document:
            return self.documents.documents(rows)
        return self.names.documents(entity.name, rows)

    def read(self, name: str, identity: str) -> Json:
        """One object by its id."""
        if name.lower() == "companyinfo":
            return {"CompanyInfo": self.names.company()}
        entity = ENTITIES.get(name.lower())
        if entity is None:
            raise QuickBooksError("Unsupported Operation", f"Operation {name} is not supported.",
                                  "500")  # fmt: skip
        column, kind = entity.fields["id"]
        if kind == "id" and not identity.isdigit():
            raise QuickBooksError("Invalid ID", "Id should be a valid number. Supplied value:"
                                  + identity, "2030", element="Id")  # fmt: skip
        rows = self.books.rows(f"select * from {entity.relation} where {column} = ?", [identity])
        if not rows or rows[0].get("is_deleted"):
            raise not_found(f"{entity.name} {identity}")
        return {entity.key: self._made(entity, rows)[0]}

    def changes(self, names: str, since_text: str) -> Json:
        """Changed data capture: what changed since, at most a thousand objects for all entities.

        The documentation does not say which of more are left out. Here the entities are filled in
        the order in which they are named, oldest change first, so that the last ones go short.
        """
        try:
            since = moment(since_text)
        except ValueError:
            raise QuickBooksError("Invalid Date", f"Invalid changedSince: {since_text}", "5030",
                                  element="changedSince") from None  # fmt: skip
        if since < self.books.now - LOOK_BACK:
            raise QuickBooksError(
                "Unsupported Operation", f"Operation cdc with changedSince date {since_text} which "
                "is older than fixed days is not supported.", "500",
            )  # fmt: skip
        left = MOST
        answers: list[Json] = []
        for name in filter(None, (each.strip() for each in names.split(","))):
            entity = ENTITIES.get(name.lower())
            if entity is None or not entity.in_changes:
                raise invalid_query(f"invalid context declaration: {name}")
            rows = self.books.rows(
                f"select * from {entity.relation} where updated_at >= ? "
                f"order by updated_at, {entity.order} limit ?", [since, left],
            )  # fmt: skip
            left -= len(rows)
            answers.append(self._changed(entity, rows))
        return {"CDCResponse": [{"QueryResponse": answers}]}

    def _changed(self, entity: Entity, rows: list[Json]) -> Json:
        if not rows:
            return {}
        alive = [row for row in rows if not row.get("is_deleted")]
        made = iter(self._made(entity, alive))
        objects = [
            {"domain": "QBO", "status": "Deleted", "Id": str(row["document_id"]),
             "MetaData": {"LastUpdatedTime": stamp(row["updated_at"])}}
            if row.get("is_deleted") else next(made)
            for row in rows
        ]  # fmt: skip
        return {entity.key: objects, "startPosition": 1, "maxResults": len(rows),
                "totalCount": len(rows)}  # fmt: skip

    def batch(self, body: bytes) -> Json:
        """Up to thirty queries; what fails is a fault inside an answer that says 200."""
        try:
            items = json.loads(body)["BatchItemRequest"]
        except (ValueError, KeyError, TypeError):
            raise QuickBooksError("Request has invalid or unsupported property",
                                  "Property Name:BatchItemRequest is missing", "2010",
                                  element="BatchItemRequest") from None  # fmt: skip
        if len(items) > MOST_IN_BATCH:
            raise QuickBooksError("Batch size exceeded", f"A batch holds at most {MOST_IN_BATCH} "
                                  "items", "1040", element="BatchItemRequest")  # fmt: skip
        answers: list[Json] = []
        for item in items:
            answer: Json = {"bId": item.get("bId", "")}
            try:
                if "Query" not in item:
                    raise QuickBooksError("Unsupported Operation", f"Operation "
                                          f"{item.get('operation', '')} is not supported.",
                                          "500")  # fmt: skip
                answer |= self.query(item["Query"])
            except QuickBooksError as fault:
                answer["Fault"] = fault.body
            answers.append(answer)
        return {"BatchItemResponse": answers}


def _shown(document: Json, query: Query) -> Json:
    """Only the fields that were asked for."""
    if not query.fields:
        return document
    wanted = {field.split(".")[0].lower() for field in query.fields}
    shown = {name: value for name, value in document.items() if name.lower() in wanted}
    return {**shown, "domain": "QBO", "sparse": True}


async def _answer(company: QuickBooks, request: Request) -> Json:
    """The answer to an allowed request."""
    parts = request.path_params["rest"].split("/")
    body = await request.body() if request.method == "POST" else b""
    asked = dict(request.query_params)

    def answer() -> Json:
        with company.books.at_present():
            made = _routed(company, parts, asked, body, request.method)
            return {**made, "time": stamp(company.books.now)}

    return await run_in_threadpool(answer)


def _routed(company: QuickBooks, parts: list[str], asked: dict[str, str], body: bytes,
            method: str) -> Json:  # fmt: skip
    match [parts[0].lower(), *parts[1:]]:
        case ["query"]:
            return company.query(asked["query"] if "query" in asked else body.decode())
        case ["cdc"]:
            return company.changes(asked.get("entities", ""), asked.get("changedSince", ""))
        case ["batch"] if method == "POST":
            return company.batch(body)
        case ["reports", name]:
            return company.reports.report(name, asked)
        case ["preferences"]:
            return {"Preferences": company.names.preferences()}
        case [name, identity] if method == "GET":
            return company.read(name, identity)
    raise QuickBooksError("Unsupported Operation", f"Operation {method} {'/'.join(parts)} is not "
                          "supported.", "500")  # fmt: skip


def quickbooks_app(
    world: World, is_allowed: Callable[[str], bool], *, now: Clock | None = None,
    company_id: str = COMPANY_ID, requests_per_minute: int | None = None,
    requests_per_second: int | None = None,
) -> Starlette:  # fmt: skip
    """The application.

    Args:
        is_allowed: whether a bearer token opens the company.
        now: the clock; what is written later is not there yet. None: the clock of the world.
        requests_per_minute: QuickBooks allows 500 for a company; None for no limit.
        requests_per_second: QuickBooks allows 10.
    """
    company = QuickBooks(world, now)
    limits = Limits(requests_per_minute, requests_per_second)

    def admit(request: Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not is_allowed(token):
            raise UNAUTHORIZED
        if request.path_params["company"] != company_id:
            raise WRONG_COMPANY
        if not limits.allows():
            raise THROTTLED

    async def respond(request: Request) -> Response:
        try:
            admit(request)
            made = await _answer(company, request)
        except QuickBooksError as fault:
            return _refusal(request, fault, company.books.now)
        return _response(request, made, 200)

    endpoint: Callable[[Request], Awaitable[Response]] = respond
    return Starlette(routes=[
        Route("/v3/company/{company}/{rest:path}", endpoint, methods=["GET", "POST"])
    ])  # fmt: skip


def _refusal(request: Request, fault: QuickBooksError, now: datetime) -> Response:
    if fault.is_gateway and _wants_json(request):
        return _response(request, gateway_body(fault, now.timestamp()), fault.status)
    return _response(request, {"Fault": fault.body, "time": stamp(now)}, fault.status)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _response(request: Request, made: Json, status: int) -> Response:
    headers = {"intuit_tid": f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"}
    if not _wants_json(request):
        return Response(to_xml(made), status, headers, "application/xml;charset=UTF-8")
    if "Header" in made:
        made.pop("time")  # a report tells its time in its header
    return FastJSONResponse(made, status, headers, "application/json;charset=UTF-8")
