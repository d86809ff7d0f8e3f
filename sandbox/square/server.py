"""Square's endpoints as a Starlette application.

Paths, page limits and errors follow the API reference of version 2026-09-16: orders are searched
in at most ten locations and sorted by the field they are filtered by, payments and refunds come a
hundred at a time, deleted catalog objects only when asked for.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.serving import FastJSONResponse
from sandbox.square.books import Books
from sandbox.square.documents import MERCHANT_ID, Documents, stamp
from sandbox.square.inventory import Inventory
from sandbox.square.paging import Call, SquareError, moment, read_cursor, write_cursor
from sandbox.square.payouts import Payouts
from sandbox.square.reporting import Reporting
from sandbox.square.team import Team
from sandbox.world.world import World

Json = dict[str, Any]
VERSION = "2026-09-16"
MOST_LOCATIONS, MOST_ORDERS, MOST_PAYMENTS = 10, 1_000, 100
ORDER_TIMES = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "CLOSED_AT": "closed_at"}


Answer = Callable[["Square", Call], Json]


class Square:
    """The state of one Square account, made of a world."""

    def __init__(self, world: World, *, report_waits: int = 1) -> None:
        """Write the books and get ready."""
        self.books = Books(world)
        self.documents = Documents(self.books)
        self.reporting = Reporting(self.books, waits=report_waits)
        self.inventory = Inventory(self.books, self.documents)
        self.team = Team(self.books, self.documents)
        self.payouts_sent = Payouts(self.books, self.documents)

    # --- orders ---------------------------------------------------------------------------

    def search_orders(self, call: Call) -> Json:
        """POST /v2/orders/search."""
        locations = call.body.get("location_ids") or []
        if not 1 <= len(locations) <= MOST_LOCATIONS:
            raise SquareError(
                "VALUE_TOO_LONG" if locations else "MISSING_REQUIRED_PARAMETER",
                f"Field must be set to between 1 and {MOST_LOCATIONS} location ids.",
                field="location_ids",
            )
        query = call.body.get("query") or {}
        filters, sort = query.get("filter") or {}, query.get("sort") or {}
        column = ORDER_TIMES[sort.get("sort_field", "CREATED_AT")]
        descending = sort.get("sort_order", "DESC") == "DESC"
        where, parameters = _order_filters(filters, column)
        where.append("location_id in (select unnest(?))")
        parameters.append(locations)
        question = [sorted(locations), query]
        if (last := read_cursor(question, call.body.get("cursor"))) is not None:
            where.append(f"({column}, event_id) {'<' if descending else '>'} (?, ?)")
            parameters += [moment(last[0]), last[1]]
        limit = min(int(call.body.get("limit") or 500), MOST_ORDERS)
        direction = "desc" if descending else "asc"
        rows = self.books.rows(
            f"select * from square_orders where {' and '.join(where)} "
            f"order by {column} {direction}, event_id {direction} limit {limit + 1}",
            *parameters,
        )
        page = rows[:limit]
        answer: Json = {}
        if call.body.get("return_entries"):
            answer["order_entries"] = [
                {"order_id": row["id"], "version": row["version"],
                 "location_id": row["location_id"]}
                for row in page
            ]  # fmt: skip
        else:
            answer["orders"] = self.documents.orders(page)
        if len(rows) > limit:
            answer["cursor"] = write_cursor(question, [stamp(page[-1][column]),
                                                       page[-1]["event_id"]])  # fmt: skip
        return answer

    def batch_orders(self, call: Call) -> Json:
        """POST /v2/orders/batch-retrieve."""
        rows = self.books.rows(
            "select * from square_orders where id in (select unnest(?)) order by event_id",
            list(call.body.get("order_ids") or [])[:100],
        )
        return {"orders": self.documents.orders(rows)}

    def order(self, call: Call) -> Json:
        """GET /v2/orders/{id}."""
        identity = call.path["order_id"]
        rows = self.books.rows("select * from square_orders where id = ?", identity)
        if not rows:
            raise SquareError("NOT_FOUND", f"Order not found for id {identity}", status=404)
        return {"order": self.documents.orders(rows)[0]}

    # --- money ----------------------------------------------------------------------------

    def payments(self, call: Call) -> Json:
        """GET /v2/payments."""
        rows, cursor = self._money(call, is_refund=False)
        ids = [row["order_id"] for row in rows]
        refunds: dict[str, list[Json]] = {}
        for refund in self.books.rows(
            "select id, refund_id, amount_cents, paid_at from square_payments where is_refund "
            "and order_id in (select unnest(?)) order by payment_id", ids or [0],
        ):  # fmt: skip
            refunds.setdefault(refund["id"], []).append(refund)
        for row in rows:
            mine = refunds.get(row["id"], [])
            row["refund_ids"] = [refund["refund_id"] for refund in mine]
            row["refunded_cents"] = -sum(refund["amount_cents"] for refund in mine)
        return {"payments": [self.documents.payment(row) for row in rows], **cursor}

    def refunds(self, call: Call) -> Json:
        """GET /v2/refunds."""
        rows, cursor = self._money(call, is_refund=True)
        return {"refunds": [self.documents.refund(row) for row in rows], **cursor}

    def _money(self, call: Call, *, is_refund: bool) -> tuple[list[Json], Json]:
        """A page of payments or refunds; updated is when the last refund of it was made."""
        asked = dict(call.query)
        cursor = asked.pop("cursor", None)
        column = {"CREATED_AT": "paid_at", "UPDATED_AT": "updated_at"}.get(
            asked.get("sort_field", "CREATED_AT"), "paid_at"
        )
        descending = asked.get("sort_order", "DESC") == "DESC"
        where: list[str] = ["true"]
        parameters: list[Any] = []
        for name, clause in (
            ("begin_time", "paid_at > ?"), ("end_time", "paid_at <= ?"),
            ("updated_at_begin_time", "updated_at > ?"), ("updated_at_end_time", "updated_at <= ?"),
        ):  # fmt: skip
            if asked.get(name):
                where.append(clause)
                parameters.append(moment(asked[name]))
        place = asked.get("location_id")
        if place is None and not is_refund:
            # Payments of no named place are those of the main one alone; refunds are all.
            place = self.books.rows("from square_locations order by place_id")[0]["location_id"]
        if place:
            where.append("location_id = ?")
            parameters.append(place)
        if (last := read_cursor(asked, cursor)) is not None:
            where.append(f"({column}, payment_id) {'<' if descending else '>'} (?, ?)")
            parameters += [moment(last[0]), last[1]]
        limit = min(int(asked.get("limit") or MOST_PAYMENTS), MOST_PAYMENTS)
        direction = "desc" if descending else "asc"
        rows = self.books.rows(
            f"select * from square_payments where is_refund = {is_refund} and "
            f"{' and '.join(where)} order by {column} {direction}, "
            f"payment_id {direction} limit {limit + 1}",
            *parameters,
        )
        page = rows[:limit]
        if len(rows) <= limit:
            return page, {}
        last_key = [stamp(page[-1][column]), page[-1]["payment_id"]]
        return page, {"cursor": write_cursor(asked, last_key)}

    # --- who and what ---------------------------------------------------------------------

    def locations(self, _call: Call) -> Json:
        """GET /v2/locations."""
        rows = self.books.rows("select * from square_locations")
        return {"locations": [self.documents.location(row) for row in rows]}

    def merchants(self, _call: Call) -> Json:
        """GET /v2/merchants."""
        settings = self.books.settings
        return {"merchant": [{"id": MERCHANT_ID, "business_name": settings["name"],
                              "country": "US", "language_code": "en-US", "status": "ACTIVE",
                              "currency": settings["currency"]}]}  # fmt: skip

    def customers(self, call: Call) -> Json:
        """POST /v2/customers/search."""
        query = call.body.get("query") or {}
        changed = (query.get("filter") or {}).get("updated_at") or {}
        where: list[str] = ["true"]
        parameters: list[Any] = []
        for name, sign in (("start_at", ">="), ("end_at", "<")):
            if changed.get(name):
                where.append(f"updated_at {sign} ?")
                parameters.append(moment(changed[name]))
        if (last := read_cursor(query, call.body.get("cursor"))) is not None:
            where.append("contact_id > ?")
            parameters.append(last[0])
        limit = min(int(call.body.get("limit") or 100), 100)
        rows = self.books.rows(
            f"select * from square_customers where {' and '.join(where)} "
            f"order by contact_id limit {limit + 1}", *parameters,
        )  # fmt: skip
        page = rows[:limit]
        answer: Json = {"customers": [self.documents.customer(row) for row in page]}
        if len(rows) > limit:
            answer["cursor"] = write_cursor(query, [page[-1]["contact_id"]])
        return answer

    def list_catalog(self, call: Call) -> Json:
        """GET /v2/catalog/list."""
        asked = dict(call.query)
        cursor = asked.pop("cursor", None)
        kinds = [kind for kind in (asked.get("types") or "").upper().split(",") if kind]
        return self._catalog_page(kinds, {}, asked, cursor, 100)

    def search_catalog(self, call: Call) -> Json:
        """POST /v2/catalog/search."""
        cursor = call.body.pop("cursor", None)
        limit = min(int(call.body.get("limit") or 100), 1_000)
        kinds = call.body.get("object_types") or []
        return self._catalog_page(kinds, call.body, call.body, cursor, limit)

    def _catalog_page(self, kinds: list[str], asked: Json, question: Json, cursor: str | None,
                      limit: int) -> Json:  # fmt: skip
        since, catalog = asked.get("begin_time"), self.documents.catalog()
        found = [
            entry for entry in catalog
            if (not kinds or entry["type"] in kinds)
            and (not since or moment(entry["updated_at"]) > moment(since))
            and (not entry["is_deleted"] or asked.get("include_deleted_objects"))
        ]  # fmt: skip
        last = read_cursor(question, cursor)
        start = int(last[0]) if last else 0
        answer: Json = {"objects": found[start : start + limit]}
        if start + limit < len(found):
            answer["cursor"] = write_cursor(question, [start + limit])
        if question is asked:
            answer["latest_time"] = max(entry["updated_at"] for entry in catalog)
        return answer

    def report_meta(self, _call: Call) -> Json:
        """GET /reporting/v1/meta."""
        return self.reporting.meta()

    def report_load(self, call: Call) -> Json:
        """POST /reporting/v1/load."""
        return self.reporting.load(call.body)


ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("POST", "/v2/orders/search", Square.search_orders),
    ("POST", "/v2/orders/batch-retrieve", Square.batch_orders),
    ("GET", "/v2/orders/{order_id}", Square.order),
    ("GET", "/v2/payments", Square.payments),
    ("GET", "/v2/refunds", Square.refunds),
    ("GET", "/v2/locations", Square.locations),
    ("GET", "/v2/merchants", Square.merchants),
    ("POST", "/v2/customers/search", Square.customers),
    ("GET", "/v2/catalog/list", Square.list_catalog),
    ("POST", "/v2/catalog/search", Square.search_catalog),
    ("POST", "/v2/inventory/counts/batch-retrieve", lambda its, call: its.inventory.counts(call)),
    ("POST", "/v2/inventory/changes/batch-retrieve", lambda its, call: its.inventory.changes(call)),
    ("POST", "/v2/team-members/search", lambda its, call: its.team.members(call)),
    ("POST", "/v2/labor/timecards/search", lambda its, call: its.team.timecards(call)),
    ("GET", "/v2/payouts", lambda its, call: its.payouts_sent.payouts(call)),
    ("GET", "/v2/payouts/{payout_id}", lambda its, call: its.payouts_sent.payout(call)),
    (
        "GET",
        "/v2/payouts/{payout_id}/payout-entries",
        lambda its, call: its.payouts_sent.entries(call),
    ),
    ("GET", "/reporting/v1/meta", Square.report_meta),
    ("POST", "/reporting/v1/load", Square.report_load),
)


def square_app(world: World, is_allowed: Callable[[str], bool], *,
               report_waits: int = 1) -> Starlette:  # fmt: skip
    """The application.

    Args:
        is_allowed: whether a bearer token opens the account.
        report_waits: how often a new report is answered with "Continue wait".
    """
    account = Square(world, report_waits=report_waits)

    def endpoint(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            headers = {"Square-Version": request.headers.get("Square-Version", VERSION)}
            try:
                token = request.headers.get("Authorization", "").removeprefix("Bearer ")
                if not is_allowed(token):
                    raise SquareError("UNAUTHORIZED", "This request could not be authorized.",
                                      status=401)  # fmt: skip
                text = await request.body() if request.method == "POST" else b""
                call = Call(request.path_params, dict(request.query_params), _parsed(text))
                found = await run_in_threadpool(answer, account, call)
            except SquareError as error:
                return JSONResponse(error.body, error.status, headers)
            return FastJSONResponse(found, headers=headers)

        return respond

    return Starlette(routes=[
        Route(path, endpoint(answer), methods=[method]) for method, path, answer in ROUTES
    ])  # fmt: skip


def _parsed(text: bytes) -> Json:
    if not text:
        return {}
    try:
        body = json.loads(text)
    except ValueError:
        raise SquareError("BAD_REQUEST", "The request body is no JSON.") from None
    if not isinstance(body, dict):
        raise SquareError("BAD_REQUEST", "The request body is no object.")
    return body


def _order_filters(filters: Json, column: str) -> tuple[list[str], list[Any]]:
    """Conditions of an order search; it is sorted by that column."""
    where: list[str] = []
    parameters: list[Any] = []
    for field, bounds in (filters.get("date_time_filter") or {}).items():
        if field != column:
            raise SquareError(
                "BAD_REQUEST", "Sort field must match the date_time_filter field.",
                field="query.sort.sort_field",
            )  # fmt: skip
        for name, sign in (("start_at", ">="), ("end_at", "<")):
            if bounds.get(name):
                where.append(f"{column} {sign} ?")
                parameters.append(moment(bounds[name]))
    states = (filters.get("state_filter") or {}).get("states") or []
    if column == "closed_at" and (not states or not set(states) <= {"COMPLETED", "CANCELED"}):
        raise SquareError("BAD_REQUEST", "Closed orders are COMPLETED or CANCELED.",
                          field="query.filter.state_filter")  # fmt: skip
    if states and "COMPLETED" not in states:
        where.append("false")
    return where, parameters
