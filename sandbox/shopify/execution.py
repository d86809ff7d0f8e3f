"""Answers one request: validation, cost, throttling, the fields of the root."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from graphql import ExecutionResult, FieldNode, GraphQLObjectType, OperationDefinitionNode, execute

from sandbox.shopify import shopifyql
from sandbox.shopify.bulk import BulkOperations, RefusedQueryError
from sandbox.shopify.cost import (
    MAX_QUERY_COST,
    RESTORE_RATES,
    LeakyBucket,
    Plan,
    actual_cost,
    requested_cost,
)
from sandbox.shopify.documents import Document, Documents, type_of
from sandbox.shopify.errors import ApiError, Json, MissingFieldError
from sandbox.shopify.plan import Selection, Shape, compile_selections, nodes_of
from sandbox.shopify.projector import MAX_PAGE, Projector
from sandbox.shopify.schema import all_scopes, denied_access, schema, search_fields
from sandbox.shopify.search import Search, Term, parse_search
from sandbox.shopify.validation import (
    InvalidDocumentError,
    fragments,
    is_mutation,
    operation,
    validated,
    variable_values,
)

ALL_SCOPES = all_scopes()
RECENT = timedelta(days=60)
_COUNT_LIMIT = 10_000
_DOCUMENTATION = "https://shopify.dev/api/usage/limits#rate-limits"


def everybody(token: str) -> frozenset[str] | None:
    """Accept any token that is not empty, with all scopes."""
    return ALL_SCOPES if token else None


@dataclass
class Shop:
    """One shop: its documents, who may read them, and how fast.

    Args:
        documents: What the shop holds.
        authorize: Scopes of an access token, or None when it is not valid (any more).
        plan: The plan, which decides the rate limit.
        clock: Seconds since 1970, by which points are restored; tests give their own.
        present: The moment in the shop, when it is not that of the clock.
        domain: The shop's domain.
        bucket_size: Points the bucket holds; the plan's unless given.
    """

    documents: Documents
    authorize: Callable[[str], frozenset[str] | None] = everybody
    plan: Plan = "standard"
    clock: Callable[[], float] = time.time
    domain: str = "sandbox.myshopify.com"
    bucket_size: float = 0
    present: Callable[[], datetime] | None = None
    bucket: LeakyBucket = field(init=False)
    bulk: BulkOperations = field(init=False)

    def __post_init__(self) -> None:
        self.bucket = LeakyBucket(RESTORE_RATES[self.plan], self.clock, self.bucket_size)
        self.bulk = BulkOperations(self.now)

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self.present() if self.present else datetime.fromtimestamp(self.clock(), UTC)

    def zone(self) -> tzinfo:
        """The shop's time zone."""
        shop = self.documents.single("shop") or {}
        return ZoneInfo(shop.get("ianaTimezone", "UTC"))


@dataclass
class Execution:
    """One request of one client.

    Args:
        shop: Where it goes.
        scopes: What the token allows.
        address: Address the server is reached at, for links to files.
    """

    shop: Shop
    scopes: frozenset[str] = ALL_SCOPES
    address: str = ""

    def __post_init__(self) -> None:
        now = self.shop.now()
        self._oldest = (now - RECENT).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._projector = self._view()
        self._errors: list[Json] = []

    def _view(self) -> Projector:
        shop = self.shop
        denied = denied_access(self.scopes)
        return Projector(shop.documents, self._is_visible, shop.zone(), shop.now(), denied)

    def answer(
        self, text: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> Json:
        """The whole body of the answer; HTTP status 200 in every case.

        Args:
            text: The document.
            variables: Values of its variables.
            name: Which operation to run.
        """
        try:
            document = validated(text)
            chosen = operation(document, name)
            mutates = is_mutation(chosen)
            values = variable_values(chosen, variables or {})
        except InvalidDocumentError as error:
            return {"errors": error.errors}
        if _is_introspection(chosen):
            result = execute(schema(), document, variable_values=dict(variables or {}))
            assert isinstance(result, ExecutionResult)
            return dict(result.formatted)
        root = schema().mutation_type if mutates else schema().query_type
        assert isinstance(root, GraphQLObjectType)
        shape = compile_selections(root, chosen.selection_set, fragments(document), values)
        return self._paid(shape, mutates)

    def _paid(self, shape: Shape, mutates: bool) -> Json:
        bucket = self.shop.bucket
        requested = requested_cost(shape, is_mutation=mutates)
        if requested > MAX_QUERY_COST:
            return {"errors": [_too_dear(requested)]}
        if not bucket.take(requested):
            return _throttled(requested, bucket)
        answer = self._run(shape)
        actual = requested if mutates else min(actual_cost(shape, answer["data"]), requested)
        bucket.give_back(requested - actual)
        extensions: Json = {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": bucket.status(),
            }
        }
        if self._projector.searches:
            extensions["search"] = self._projector.searches
        return {**answer, "extensions": extensions}

    def _run(self, shape: Shape) -> Json:
        data: Json | None = {}
        for selection in shape.own_fields():
            try:
                value = self._field(selection)
            except ApiError as error:
                error.path = error.path or (selection.key,)
                error.location = error.location or selection.location
                self._errors.append(error.shaped())
                value = None
                if not error.is_partial or not selection.is_nullable:
                    data = None
                    break
            assert data is not None
            data[selection.key] = value
        self._errors.extend(error.shaped() for error in self._projector.refusals.values())
        return {"data": data, **({"errors": self._errors} if self._errors else {})}

    def _field(self, selection: Selection) -> Any:
        if selection.kind == "typename":
            return selection.type_name if selection.shape else selection.parent
        if selection.parent == "Mutation":
            return self._mutation(selection)
        is_list = selection.kind == "connection"
        type_name = nodes_of(selection) if is_list else selection.type_name
        self._projector.check_access(selection)
        if special := _SPECIAL.get(selection.name):
            return special(self, selection)
        if is_list:
            return self._projector.root_connection(
                selection, lambda search: self.narrow(type_name, search)
            )
        if selection.type_name == "Count":
            return self._count(selection)
        return self._one(selection)

    def _one(self, selection: Selection) -> Any:
        if selection.shape is None:
            return None
        if gid := selection.arguments.get("id"):
            self._check_id(selection, gid)
            found = self._projector.document(gid)
        else:
            found = self.shop.documents.single(selection.name)
        return self._object(selection, found)

    def _check_id(self, selection: Selection, gid: str) -> None:
        named = type_of(gid)
        if named is None or (selection.type_name != "Node" and named != selection.type_name):
            raise ApiError(f"Invalid id: {gid}", "RESOURCE_NOT_FOUND", is_partial=True)

    def _object(self, selection: Selection, document: Document | None) -> Json | None:
        assert selection.shape is not None
        if document is None:
            if selection.is_nullable:
                return None
            raise MissingFieldError(selection.parent, selection.name, "(root)")
        self._projector.load(selection.shape, [document])
        return self._projector.object(selection.shape, document)

    def _node(self, selection: Selection) -> Any:
        gid = selection.arguments["id"]
        self._check_id(selection, gid)
        if operation_found := self.shop.bulk.find(gid):
            return self._object(selection, operation_found.document(self.shop.now()))
        return self._object(selection, self._projector.document(gid))

    def _nodes(self, selection: Selection) -> Any:
        ids = selection.arguments["ids"]
        if len(ids) > MAX_PAGE:
            message = f"The input array size of {len(ids)} is greater than the maximum allowed of"
            raise ApiError(f"{message} {MAX_PAGE}.", "MAX_INPUT_SIZE_EXCEEDED")
        self._projector.look_up(ids)
        found = [self._projector.document(gid) for gid in ids]
        assert selection.shape is not None
        self._projector.load(selection.shape, [one for one in found if one])
        return [self._projector.object(selection.shape, one) if one else None for one in found]

    def _count(self, selection: Selection) -> Any:
        plural = selection.name.removesuffix("Count")
        query = schema().query_type
        assert query is not None
        connection = str(query.fields[plural].type).rstrip("!")
        type_name = connection.removesuffix("Connection")
        fields = search_fields("QueryRoot", selection.name) or search_fields("QueryRoot", plural)
        search = self.narrow(
            type_name,
            parse_search(
                selection.arguments.get("query"), fields, self.shop.zone(), self.shop.now()
            ),
        )
        rows = self.shop.documents.stream(type_name, search=search, sort="id", reverse=False)
        limit = selection.arguments.get("limit", _COUNT_LIMIT) or None
        count = sum(1 for _ in islice(rows, limit))
        precision = "AT_LEAST" if limit and count == limit else "EXACT"
        return self._object(selection, {"count": count, "precision": precision})

    def _shopifyql(self, selection: Selection) -> Any:
        today = self.shop.now().astimezone(self.shop.zone()).date()
        text = selection.arguments["query"]
        return self._object(selection, shopifyql.answer(text, self.shop.documents, today))

    def _bulk_operation(self, selection: Selection) -> Any:
        self._check_id(selection, selection.arguments["id"])
        one = self.shop.bulk.find(selection.arguments["id"])
        return self._object(selection, one.document(self.shop.now()) if one else None)

    def _current_bulk_operation(self, selection: Selection) -> Any:
        of_kind = self.shop.bulk.all() if selection.arguments.get("type") == "QUERY" else []
        return self._object(selection, of_kind[0].document(self.shop.now()) if of_kind else None)

    def _bulk_operations(self, selection: Selection) -> Any:
        now = self.shop.now()
        search = self._projector.search(selection)
        rows = [one.document(now) for one in self.shop.bulk.all()]
        rows = [row for row in rows if search.matches(row)]
        if selection.arguments.get("reverse"):
            rows.reverse()
        return self._projector.listed(selection, rows)

    def _mutation(self, selection: Selection) -> Any:
        if selection.name == "bulkOperationRunQuery":
            return self._run_bulk(selection)
        if selection.name == "bulkOperationCancel":
            return self._cancel_bulk(selection)
        raise ApiError(
            f"Access denied for {selection.name} field.",
            "ACCESS_DENIED",
            extensions={"documentation": "https://shopify.dev/api/usage/access-scopes"},
            is_partial=True,
        )

    def _run_bulk(self, selection: Selection) -> Any:
        arguments = selection.arguments
        errors: list[Json] = []
        one = None
        try:
            one = self.shop.bulk.start(
                arguments["query"],
                bool(arguments["groupObjects"]),
                self._view(),
                self.narrow,
                self.address,
            )
        except RefusedQueryError as refused:
            errors = [_user_error(["query"], text, "INVALID") for text in refused.messages]
        else:
            if one is None:
                message = "Bulk operations limit reached. Please try again later."
                errors = [_user_error(None, message, "LIMIT_REACHED")]
        # The answer shows the operation as it was created, whatever has happened since.
        shown = {**one.document(self.shop.now()), **_JUST_CREATED} if one else None
        return self._object(selection, {"bulkOperation": shown, "userErrors": errors})

    def _cancel_bulk(self, selection: Selection) -> Any:
        one = self.shop.bulk.find(selection.arguments["id"])
        errors: list[Json] = []
        if one is None:
            errors = [_user_error(["id"], "Bulk operation does not exist", None)]
        elif not self.shop.bulk.cancel(one):
            state = one.status.lower()
            message = f"A bulk operation cannot be canceled when it is {state}"
            errors = [_user_error(None, message, None)]
        shown = one.document(self.shop.now()) if one else None
        return self._object(selection, {"bulkOperation": shown, "userErrors": errors})

    def _is_visible(self, type_name: str, document: Document) -> bool:
        if type_name != "Order" or "read_all_orders" in self.scopes:
            return True
        return str(document.get("createdAt", "")) >= self._oldest

    def narrow(self, type_name: str, search: Search) -> Search:
        """Hide orders older than sixty days from clients without ``read_all_orders``."""
        if type_name != "Order" or "read_all_orders" in self.scopes:
            return search
        return search.narrowed(Term("created_at", ":>=", self._oldest, "time"))


_SPECIAL: dict[str, Callable[[Execution, Selection], Any]] = {
    "node": Execution._node,
    "nodes": Execution._nodes,
    "shopifyqlQuery": Execution._shopifyql,
    "bulkOperation": Execution._bulk_operation,
    "bulkOperations": Execution._bulk_operations,
    "currentBulkOperation": Execution._current_bulk_operation,
}
_JUST_CREATED: Json = {
    "status": "CREATED",
    "objectCount": "0",
    "rootObjectCount": "0",
    "completedAt": None,
    "fileSize": None,
    "url": None,
    "partialDataUrl": None,
    "errorCode": None,
}


def _is_introspection(chosen: OperationDefinitionNode) -> bool:
    return any(
        isinstance(one, FieldNode) and one.name.value in ("__schema", "__type")
        for one in chosen.selection_set.selections
    )


def _user_error(path: list[str] | None, message: str, code: str | None) -> Json:
    return {"field": path, "message": message, "code": code}


def _too_dear(cost: int) -> Json:
    return {
        "message": (
            f"Query cost is {cost}, which exceeds the single query max cost limit "
            f"({MAX_QUERY_COST}).\n\nSee {_DOCUMENTATION} for how a cost is calculated, and use "
            "bulk operations for larger amounts of data.\n"
        ),
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": MAX_QUERY_COST,
            "documentation": _DOCUMENTATION,
        },
    }


def _throttled(requested: int, bucket: LeakyBucket) -> Json:
    return {
        "errors": [
            {
                "message": "Throttled",
                "extensions": {"code": "THROTTLED", "documentation": _DOCUMENTATION},
            }
        ],
        "extensions": {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": None,
                "throttleStatus": bucket.status(),
            }
        },
    }
