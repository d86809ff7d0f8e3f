"""The local Shopify: what it answers, refuses, counts, cuts and writes, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import requests
from handmade_shop import NOW, gid, handmade_shop, money, order

from sandbox.faults import Fault, FaultPlan, FaultyApp
from sandbox.serving import serving
from sandbox.shopify.bulk import Failure
from sandbox.shopify.cost import connection_factor
from sandbox.shopify.documents import MemoryDocuments
from sandbox.shopify.execution import ALL_SCOPES, Shop
from sandbox.shopify.search import interval, parse_search
from sandbox.shopify.server import create_app
from sandbox.shopify.shopifyql import ParseError, parse
from sandbox.shopify.webhooks import Event, WebhookSender

Answer = dict[str, Any]
LINES = "lineItems{edges{node{id quantity sku}}}"


def _orders(fields: str) -> str:
    return f"{{orders{{edges{{node{{{fields}}}}}}}}}"


@dataclass
class Client:
    """A shop behind a socket, its clock, and requests to it."""

    shop: Shop
    moment: list[float]
    address: str = ""
    token: str = "secret"

    def post(self, query: str, /, version: str = "2026-10", **variables: Any) -> requests.Response:
        return requests.post(
            f"{self.address}/admin/api/{version}/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.token},
            timeout=30,
        )

    def ask(self, query: str, /, **variables: Any) -> Answer:
        response = self.post(query, **variables)
        assert response.status_code == 200, response.text
        answer: Answer = response.json()
        return answer

    def data(self, query: str, /, **variables: Any) -> Answer:
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: Answer = answer["data"]
        return data

    def bulk(self, query: str, grouped: bool = False) -> Answer:
        """Start a bulk operation that must be accepted."""
        text = """mutation($query: String!, $grouped: Boolean!) {
            bulkOperationRunQuery(query: $query, groupObjects: $grouped) {
                bulkOperation { id status url } userErrors { field message code } } }"""
        answer: Answer = self.data(text, query=query, grouped=grouped)["bulkOperationRunQuery"]
        return answer

    def finished(self, operation_id: str) -> Answer:
        """Poll a bulk operation until it ends."""
        text = """query($id: ID!) { bulkOperation(id: $id) { status errorCode objectCount
            rootObjectCount fileSize url partialDataUrl completedAt } }"""
        for _ in range(3000):
            found: Answer = self.data(text, id=operation_id)["bulkOperation"]
            if found["status"] not in ("CREATED", "RUNNING", "CANCELING"):
                return found
            self.moment[0] += 1  # so that polling is never throttled
            time.sleep(0.01)
        raise AssertionError("the operation did not end")

    def lines(self, query: str, grouped: bool = False) -> list[Answer]:
        """All lines of a bulk operation."""
        done = self.finished(self.bulk(query, grouped)["bulkOperation"]["id"])
        text = requests.get(done["url"], timeout=30).text
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def documents() -> MemoryDocuments:
    return handmade_shop()


class _Current:
    """The application of the test that runs: one server for all of them saves seconds."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[_Current, str]]:
    current = _Current()
    with serving(current) as address:
        yield current, address


@pytest.fixture
def client(documents: MemoryDocuments, server: tuple[_Current, str]) -> Iterator[Client]:
    moment = [NOW]
    scopes = {
        "secret": ALL_SCOPES,
        "recent": ALL_SCOPES - {"read_all_orders"},
        "nameless": ALL_SCOPES - {"read_customers", "write_customers"},
        "goods": frozenset({"read_products"}),
    }
    shop = Shop(documents, authorize=scopes.get, clock=lambda: moment[0])
    current, address = server
    current.app = create_app(shop)
    yield Client(shop, moment, address)
    shop.bulk.close()


def test_a_wrong_token_is_unauthorized_in_shopifys_words(client: Client) -> None:
    client.token = "stale"
    response = client.post("{shop{name}}")
    assert response.status_code == 401
    assert response.json() == {
        "errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"
    }


def test_an_older_version_falls_forward_and_an_unknown_one_is_not_found(client: Client) -> None:
    older = client.post("{shop{name}}", version="2025-04")
    assert older.status_code == 200
    assert older.headers["X-Shopify-API-Version"] == "2026-10"
    assert client.post("{shop{name}}", version="2026-09").status_code == 404
    assert client.post("{shop{name}}", version="2027-01").status_code == 404


def test_a_body_without_a_query_is_a_bad_request(client: Client) -> None:
    response = requests.post(
        f"{client.address}/admin/api/2026-10/graphql.json",
        data="no json",
        headers={"X-Shopify-Access-Token": "secret"},
        timeout=5,
    )
    assert response.status_code == 400


def test_a_field_the_schema_lacks_is_an_error_with_code_path_and_place(client: Client) -> None:
    answer = client.ask("query Sync {\n  orders(first: 1) { nodes { id total } }\n}")
    assert answer == {
        "errors": [
            {
                "message": "Field 'total' doesn't exist on type 'Order'",
                "locations": [{"line": 2, "column": 33}],
                "path": ["query Sync", "orders", "nodes", "total"],
                "extensions": {
                    "code": "undefinedField",
                    "typeName": "Order",
                    "fieldName": "total",
                },
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{orders(limit: 1){nodes{id}}}", "argumentNotAccepted"),
        ("{order{id}}", "missingRequiredArguments"),
        ("{shop}", "selectionMismatch"),
        ("{shop{name{first}}}", "selectionMismatch"),
        ("{orders(first:$n){nodes{id}}}", "variableNotDefined"),
        ("query($n:Int){shop{name}}", "variableNotUsed"),
        ("query($n:String){orders(first:$n){nodes{id}}}", "variableMismatch"),
        ('{orders(first:"2"){nodes{id}}}', "argumentLiteralsIncompatible"),
        ("{orders(first:1, sortKey: SIZE){nodes{id}}}", "argumentLiteralsIncompatible"),
        ("{shop{...Name}}", "useAndDefineFragment"),
    ],
)
def test_an_invalid_document_is_refused_with_the_real_code(
    client: Client, query: str, code: str
) -> None:
    answer = client.ask(query)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == code


def test_a_syntax_error_and_a_wrong_variable_are_answers_not_failures(client: Client) -> None:
    assert client.ask("{shop{")["errors"][0]["message"].startswith("syntax error")
    answer = client.ask("query($n:Int!){orders(first:$n){nodes{id}}}", n="many")
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"


def test_everything_a_connector_reads_of_an_order_is_answered(client: Client) -> None:
    text = """query($id: ID!) { order(id: $id) { ...Whole } }
    fragment Whole on Order {
      number: name
      customer { displayName defaultEmailAddress { emailAddress } }
      lineItems(first: 5) { nodes { sku variant { sku inventoryItem { unitCost { amount } } } } }
      agreements(first: 5) { nodes { __typename happenedAt reason sales(first: 5) { nodes {
        __typename lineType totalAmount { shopMoney { amount } }
        ... on ProductSale { lineItem { id } } ... on TipSale { id } } } } }
      refunds { id refundLineItems(first: 5) { nodes { quantity lineItem { id } } } }
      returns(first: 5) { nodes { name status } }
      transactions { kind amountSet { shopMoney { amount } } fees { amount { amount } } }
      fulfillments { status location { name } }
      discountApplications(first: 5) { nodes { __typename index
        ... on DiscountCodeApplication { code }
        value { ... on PricingPercentageValue { percentage } } } }
      customerJourneySummary { customerOrderIndex firstVisit { source
        utmParameters { campaign } } }
      note
    }"""
    found = client.data(text, id=gid("Order", 7))["order"]
    assert found["number"] == "#7"
    assert found["customer"]["defaultEmailAddress"]["emailAddress"] == "bo@example.com"
    assert [line["variant"]["sku"] for line in found["lineItems"]["nodes"]] == ["MUG-B", "MUG-A"]
    agreement = found["agreements"]["nodes"][0]
    assert agreement["__typename"] == "OrderAgreement"
    assert agreement["sales"]["nodes"] == [
        {
            "__typename": "ProductSale",
            "lineType": "PRODUCT",
            "totalAmount": {"shopMoney": {"amount": "9.00"}},
            "lineItem": {"id": gid("LineItem", 701)},
        }
    ]
    assert found["refunds"][0]["refundLineItems"]["nodes"][0]["quantity"] == 1
    assert found["returns"]["nodes"] == [{"name": "#7-R1", "status": "CLOSED"}]
    assert found["transactions"][0]["fees"] == [{"amount": {"amount": "0.58"}}]
    assert found["fulfillments"] == [{"status": "SUCCESS", "location": {"name": "Main Street"}}]
    assert found["discountApplications"]["nodes"][0]["value"] == {"percentage": 10.0}
    assert found["customerJourneySummary"]["firstVisit"]["utmParameters"]["campaign"] == "autumn"
    assert found["note"] is None


def test_the_rest_of_the_shop_is_answered(client: Client) -> None:
    found = client.data("""{
      shop { name ianaTimezone plan { publicDisplayName } }
      locations(first: 5) { nodes { name } }
      customers(first: 5) { edges { node { id numberOfOrders } } }
      products(first: 5) { nodes { title variants(first: 5) { nodes { sku } } } }
      inventoryItems(first: 5) { nodes { sku inventoryLevels(first: 5) { nodes {
        location { name } quantities(names: ["available"]) { name quantity } } } } }
      abandonedCheckouts(first: 5) { nodes { totalPriceSet { shopMoney { amount } }
        lineItems(first: 5) { nodes { quantity } } } }
      shopifyPaymentsAccount { payouts(first: 5) { nodes { net { amount } status } } }
      nodes(ids: ["gid://shopify/Product/1", "gid://shopify/Product/9"]) { id
        ... on Product { title } }
      ordersCount(query: "created_at:>=2026-11-02") { count precision }
    }""")
    assert found["shop"]["plan"] == {"publicDisplayName": "Basic"}
    assert [row["sku"] for row in found["products"]["nodes"][0]["variants"]["nodes"]] == [
        "MUG-A",
        "MUG-B",
    ]
    levels = found["inventoryItems"]["nodes"][1]["inventoryLevels"]["nodes"]
    assert levels[0]["quantities"] == [{"name": "available", "quantity": 12}]
    payouts = found["shopifyPaymentsAccount"]["payouts"]["nodes"]
    assert payouts == [{"net": {"amount": "9.22"}, "status": "PAID"}]
    assert found["nodes"] == [{"id": gid("Product", 1), "title": "Mug"}, None]
    assert found["ordersCount"] == {"count": 4, "precision": "EXACT"}


def test_directives_choose_fields_by_variables(client: Client) -> None:
    text = "query($yes: Boolean!) { shop { name @include(if: $yes) id @skip(if: $yes) } }"
    assert client.data(text, yes=True) == {"shop": {"name": "Corner Shop"}}
    assert client.data(text, yes=False) == {"shop": {"id": gid("Shop", 1)}}


def test_a_lacking_field_that_is_never_null_is_named_as_the_sandboxs_fault(client: Client) -> None:
    answer = client.ask("{shop{email}}")
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "gid://shopify/Shop/1 lacks Shop.email" in answer["errors"][0]["message"]


def test_a_missing_scope_denies_the_field(client: Client) -> None:
    client.token = "goods"
    answer = client.ask("{products(first:1){nodes{id}} orders(first:1){nodes{id}}}")
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert answer["errors"][0]["extensions"]["requiredAccess"].startswith("`read_orders` access")


def test_a_nested_field_without_its_scope_is_null_and_fails_a_bulk_operation(
    client: Client,
) -> None:
    client.token = "nameless"
    answer = client.ask("{orders(first:2,sortKey:ID){nodes{name customer{id}}}}")
    assert answer["data"]["orders"]["nodes"] == [
        {"name": "#1", "customer": None},
        {"name": "#2", "customer": None},
    ]
    refused = [error["extensions"]["requiredAccess"] for error in answer["errors"]]
    assert refused == ["`read_customers` access scope."]
    done = client.finished(client.bulk(_orders("id customer{id}"))["bulkOperation"]["id"])
    assert (done["status"], done["errorCode"]) == ("FAILED", "ACCESS_DENIED")
    client.token = "goods"
    done = client.finished(client.bulk(_orders("id"))["bulkOperation"]["id"])
    assert (done["status"], done["errorCode"]) == ("FAILED", "ACCESS_DENIED")


def test_a_connection_without_a_page_size_or_with_too_large_a_one_is_refused(
    client: Client,
) -> None:
    assert client.ask("{orders{nodes{id}}}")["errors"][0]["message"] == (
        "you must provide one of first or last"
    )
    message = client.ask("{orders(first:251){nodes{id}}}")["errors"][0]["message"]
    assert message.startswith("first cannot exceed 250.")
    both = client.ask("{orders(first:1,last:1){nodes{id}}}")["errors"][0]["message"]
    assert both == "providing both first and last is not supported"


def test_cursors_drain_a_connection_completely_and_nothing_twice(
    client: Client, documents: MemoryDocuments
) -> None:
    # Equal times: only the id tells the rows apart.
    documents.add("Order", *(order(n, "2026-11-05T00:00:00Z") for n in range(100, 160)))
    text = """query($after: String, $reverse: Boolean) {
      orders(first: 7, after: $after, sortKey: UPDATED_AT, reverse: $reverse) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    seen: dict[bool, list[str]] = {}
    for reverse in (False, True):
        seen[reverse], after = [], None
        while True:
            page = client.data(text, after=after, reverse=reverse)["orders"]
            seen[reverse] += [node["id"] for node in page["nodes"]]
            assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
    assert len(seen[False]) == len(set(seen[False])) == 67
    assert seen[True] == seen[False][::-1]


def test_last_and_before_page_backwards(client: Client) -> None:
    text = """query($before: String) { orders(last: 3, before: $before, sortKey: ID) {
      edges { cursor node { name } } pageInfo { hasPreviousPage hasNextPage startCursor } } }"""
    end = client.data(text)["orders"]
    assert [edge["node"]["name"] for edge in end["edges"]] == ["#5", "#6", "#7"]
    before = client.data(text, before=end["pageInfo"]["startCursor"])["orders"]
    assert [edge["node"]["name"] for edge in before["edges"]] == ["#2", "#3", "#4"]
    assert before["pageInfo"]["hasPreviousPage"] is True
    assert before["pageInfo"]["hasNextPage"] is True


def test_a_cursor_of_another_order_is_refused(client: Client) -> None:
    cursor = client.data("{orders(first:1,sortKey:ID){pageInfo{endCursor}}}")
    text = "query($c:String){orders(first:1,sortKey:UPDATED_AT,after:$c){nodes{id}}}"
    answer = client.ask(text, c=cursor["orders"]["pageInfo"]["endCursor"])
    assert answer["errors"][0]["message"] == "Invalid cursor for current pagination sort."


def test_a_nested_connection_is_cut_at_its_size_and_can_be_drained(
    client: Client, documents: MemoryDocuments
) -> None:
    documents.add("Order", order(50, "2026-11-05T00:00:00Z", lines=7))
    text = """query($id: ID!, $after: String) { order(id: $id) {
      lineItems(first: 3, after: $after) { nodes { id }
        pageInfo { hasNextPage endCursor } } } }"""
    found: list[str] = []
    after, pages = None, 0
    while True:
        page = client.data(text, id=gid("Order", 50), after=after)["order"]["lineItems"]
        found += [node["id"] for node in page["nodes"]]
        pages += 1
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == [gid("LineItem", 5000 + n) for n in range(1, 8)]
    assert pages == 3


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "1234567"),
        ("status:any", "1234567"),
        ("updated_at:>='2026-11-10T10:00:00Z'", "567"),
        ("updated_at:>'2026-11-10T10:00:00Z'", "67"),
        ('updated_at:<"2026-11-01T03:30:00Z"', "12"),
        ("created_at:>=2026-11-01 created_at:<2026-11-15", "45"),
        ("created_at:2026-11", "4567"),
        ("created_at:>=2026-10-31 AND created_at:<=2026-10-31", "3"),
        ("processed_at:>='2026-11-10T05:00:00-05:00'", "567"),
        ("id:>5", "67"),
        ("id:3", "3"),
        ("id:2 OR id:4", "24"),
        ("(id:2 OR id:4) AND id:>3", "4"),
        ("-id:3 id:<5", "124"),
        ("NOT (id:3 OR id:4) id:<=5", "125"),
        ("name:#2", "2"),
        ("customer_id:1 id:>4", "6"),
        ("financial_status:paid test:false id:1", "1"),
        ("financial_status:refunded", ""),
    ],
)
def test_searches_keep_what_they_say(client: Client, text: str, names: str) -> None:
    query = "query($q:String){orders(first:50,sortKey:ID,query:$q){nodes{name}}}"
    answer = client.ask(query, q=text)
    assert "search" not in answer["extensions"]
    found = "".join(node["name"][1:] for node in answer["data"]["orders"]["nodes"])
    assert found == names


def test_an_unknown_filter_is_dropped_with_a_warning(client: Client) -> None:
    query = "query($q:String){o:orders(first:50,query:$q){nodes{name}}}"
    answer = client.ask(query, q="colour:red id:>6")
    assert [node["name"] for node in answer["data"]["o"]["nodes"]] == ["#7"]
    assert answer["extensions"]["search"] == [
        {
            "path": ["o"],
            "query": "colour:red id:>6",
            "parsed": {
                "and": [
                    {"field": "colour", "match_all": "red"},
                    {"field": "id", "range": {"gt": "6"}},
                ]
            },
            "warnings": [
                {
                    "field": "colour",
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            ],
        }
    ]


def test_an_unquoted_time_is_read_only_up_to_its_first_colon(client: Client) -> None:
    query = "query($q:String){orders(first:50,query:$q){nodes{name}}}"
    answer = client.ask(query, q="updated_at:>=2026-11-15T10:30:00Z")
    warnings = answer["extensions"]["search"][0]["warnings"]
    assert [warning["field"] for warning in warnings] == ["30"]


def test_terms_that_every_match_fulfils_are_offered_to_the_store() -> None:
    fields = {"updated_at": "time", "id": "id"}
    both = parse_search("updated_at:>=2026 id:>5", fields)
    assert [(term.field, term.comparator, term.value) for term in both.conjuncts] == [
        ("updated_at", ":>=", "2026"),
        ("id", ":>", "5"),
    ]
    assert parse_search("id:1 OR id:2", fields).conjuncts == ()
    assert parse_search("NOT id:1", fields).conjuncts == ()
    assert interval("2026-02") == ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")


def test_orders_older_than_sixty_days_need_their_own_scope(client: Client) -> None:
    text = "{orders(first:50,sortKey:ID){nodes{name}} ordersCount{count}}"
    assert len(client.data(text)["orders"]["nodes"]) == 7
    client.token = "recent"
    found = client.data(text)
    assert found["orders"]["nodes"][0] == {"name": "#2"}
    assert found["ordersCount"]["count"] == 6
    one = "query($id:ID!){order(id:$id){name} node(id:$id){id}}"
    assert client.data(one, id=gid("Order", 1)) == {"order": None, "node": None}
    lines = client.lines("{orders{edges{node{id}}}}")
    assert gid("Order", 1) not in {line["id"] for line in lines}
    assert len(lines) == 6


VARIANTS = """{product(id: "gid://shopify/Product/9") {
  variants(first: 250) { nodes { inventoryItem { id tracked } } } }}"""
PRODUCT_IDS = "{products(first:200){pageInfo{hasNextPage} edges{cursor node{id updatedAt}}}}"
LEVELS = """{location(id: "gid://shopify/Location/9") {
  inventoryLevels(first: 100) { pageInfo { hasNextPage } edges { cursor node { id
    quantities(names: ["available"]) { quantity }
    item { id variant { id product { id } } } } } } }}"""
IMAGES = """{products(first: 100) { pageInfo { hasNextPage } edges { cursor node { title
  media(first: 1) { edges { node { mediaContentType
    ... on MediaImage { id image { url } } } } } } } }}"""


@pytest.mark.parametrize(
    ("query", "cost"),  # costs that Shopify itself has reported for these queries
    [(VARIANTS, 25), (PRODUCT_IDS, 12), (LEVELS, 48), (IMAGES, 47)],
)
def test_a_query_is_asked_the_price_that_shopify_asks(
    client: Client, query: str, cost: int
) -> None:
    answer = client.ask(query)
    assert answer["extensions"]["cost"]["requestedQueryCost"] == cost


def test_a_page_costs_what_it_holds_and_the_rest_is_given_back(client: Client) -> None:
    assert [connection_factor(size) for size in (0, 1, 2, 10, 50, 250)] == [1, 1, 1, 4, 7, 11]
    cost = client.ask("{locations(first:100){nodes{id}}}")["extensions"]["cost"]
    assert cost == {
        "requestedQueryCost": 11,
        "actualQueryCost": 3,
        "throttleStatus": {
            "maximumAvailable": 2000.0,
            "currentlyAvailable": 1997,
            "restoreRate": 100.0,
        },
    }


def test_a_query_above_a_thousand_points_is_never_run(client: Client) -> None:
    text = """{orders(first:250){nodes{lineItems(first:250){nodes{variant{product{
        variants(first:250){nodes{id}}}}}}}}}"""
    error = client.ask(text)["errors"][0]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["maxCost"] == 1000
    assert error["message"].startswith(f"Query cost is {error['extensions']['cost']}, which")


def test_an_empty_bucket_throttles_with_status_200_until_time_has_passed(client: Client) -> None:
    client.shop.bucket.take(1995)
    text = "{locations(first:100){nodes{id}}}"
    answer = client.ask(text)
    assert "data" not in answer
    assert answer["errors"][0]["message"] == "Throttled"
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    cost = answer["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (11, None)
    assert cost["throttleStatus"]["currentlyAvailable"] == 5
    client.moment[0] += 0.25  # a hundred points a second
    assert "data" in client.ask(text)


def test_plans_differ_in_rate_and_bucket(documents: MemoryDocuments) -> None:
    plus = Shop(documents, plan="plus", clock=lambda: NOW)
    small = Shop(documents, plan="advanced", clock=lambda: NOW, bucket_size=40)
    assert plus.bucket.status() == {
        "maximumAvailable": 20000.0,
        "currentlyAvailable": 20000,
        "restoreRate": 1000.0,
    }
    assert small.bucket.status()["maximumAvailable"] == 40
    for shop in (plus, small):
        shop.bulk.close()


def test_a_bulk_operation_of_5000_orders_holds_what_paging_holds(
    client: Client, documents: MemoryDocuments
) -> None:
    documents.add("Order", *(order(n, "2026-11-05T00:00:00Z", 2) for n in range(1000, 5993)))
    lines = client.lines(_orders("id name " + LINES))
    text = """query($after: String) { orders(first: 250, after: $after) { nodes { id name
      lineItems(first: 50) { nodes { id quantity sku } } }
      pageInfo { hasNextPage endCursor } } }"""
    paged: dict[str, Answer] = {}
    after = None
    while True:
        page = client.data(text, after=after)["orders"]
        paged.update((node["id"], node) for node in page["nodes"])
        client.moment[0] += 10
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(paged) == 5000
    rebuilt: dict[str, Answer] = {}
    for line in lines:
        parent = line.pop("__parentId", None)
        if parent is None:
            rebuilt[line["id"]] = {**line, "lineItems": {"nodes": []}}
        else:  # a parent always comes before its children
            rebuilt[parent]["lineItems"]["nodes"].append(line)
    assert rebuilt == paged
    assert len(lines) == 15000


def test_bulk_lines_of_two_levels_name_the_node_above(client: Client) -> None:
    query = """{orders(query:"id:7", first: 1){edges{cursor node{id agreements{edges{node{id
        sales{edges{node{id quantity}}}}}}}} pageInfo{hasNextPage}}}"""
    assert client.lines(query) == [
        {"id": gid("Order", 7)},
        {"id": gid("SalesAgreement", 1), "__parentId": gid("Order", 7)},
        {"id": gid("Sale", 1), "quantity": 2, "__parentId": gid("SalesAgreement", 1)},
    ]


def test_grouping_puts_children_below_their_parent(client: Client) -> None:
    query = '{orders(query:"id:<=2",sortKey:ID){edges{node{id lineItems{edges{node{id}}}}}}}'
    order_of = {
        grouped: ["LineItem" in line["id"] for line in client.lines(query, grouped)]
        for grouped in (True, False)
    }
    assert order_of[True] == [False, True, True, False, True, True]
    assert order_of[False] == [False, False, True, True, True, True]


def test_connections_below_a_single_object_can_be_run_in_bulk(client: Client) -> None:
    lines = client.lines("{shopifyPaymentsAccount{payouts{edges{node{id net{amount}}}}}}")
    assert lines == [{"id": gid("ShopifyPaymentsPayout", 1), "net": {"amount": "9.22"}}]


FIVE = " ".join(f"c{n}: {LINES}" for n in range(5))
NODE = '{node(id:"gid://shopify/Order/1"){id}}'
IN_A_LIST = _orders("id refunds{refundLineItems{edges{node{id}}}}")
TOO_DEEP = """{customers{edges{node{id orders{edges{node{id agreements{edges{node{id
  sales{edges{node{id}}}}}}}}}}}}}"""
MUTATION = 'mutation{bulkOperationCancel(id:"1"){userErrors{message}}}'


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{shop{name}}", "Bulk queries must contain at least one connection."),
        ("{orders{nodes{id}}}", "Selecting via 'nodes' is not supported."),
        (NODE, "cannot contain a top level `node` field."),
        (_orders("id " + FIVE), "cannot contain more than 5 connections."),
        (_orders("name " + LINES), "must select the 'id' field"),
        (IN_A_LIST, "contain a connection field within a list field"),
        (TOO_DEEP, "nesting depth greater than 2."),
        (MUTATION, "Only `query` operations are supported."),
        (_orders("id total"), "Field 'total' doesn't exist on type 'Order'"),
        ("", "Invalid bulk query: syntax error, unexpected end of file"),
    ],
)
def test_a_query_that_breaks_the_rules_of_bulk_is_refused(
    client: Client, query: str, words: str
) -> None:
    answer = client.bulk(query)
    assert answer["bulkOperation"] is None
    assert words in " ".join(error["message"] for error in answer["userErrors"])
    assert {error["code"] for error in answer["userErrors"]} == {"INVALID"}


def test_a_bulk_operation_shows_its_states_and_its_file_expires(client: Client) -> None:
    client.shop.bulk.pause()
    started = client.bulk("{orders{edges{node{id}}}}")["bulkOperation"]
    assert (started["status"], started["url"]) == ("CREATED", None)
    current = "{currentBulkOperation{id status url objectCount}}"
    assert client.data(current)["currentBulkOperation"]["url"] is None
    client.shop.bulk.resume()
    done = client.finished(started["id"])
    assert (done["status"], done["objectCount"], done["rootObjectCount"]) == ("COMPLETED", "7", "7")
    assert int(done["fileSize"]) == len(requests.get(done["url"], timeout=5).content)
    listed = client.data("{bulkOperations(first:5){nodes{id status}}}")["bulkOperations"]["nodes"]
    assert listed == [{"id": started["id"], "status": "COMPLETED"}]
    by_node = client.data("query($id:ID!){node(id:$id){... on BulkOperation{status}}}",
                          id=started["id"])  # fmt: skip
    assert by_node == {"node": {"status": "COMPLETED"}}
    client.moment[0] += 8 * 86400
    assert client.data(current)["currentBulkOperation"]["status"] == "EXPIRED"
    assert requests.get(done["url"], timeout=5).status_code == 404


def test_an_empty_result_has_no_file(client: Client) -> None:
    done = client.finished(
        client.bulk('{orders(query:"id:99"){edges{node{id}}}}')["bulkOperation"]["id"]
    )
    assert (done["status"], done["objectCount"], done["url"]) == ("COMPLETED", "0", None)


def test_five_bulk_operations_may_run_and_a_sixth_is_refused(client: Client) -> None:
    client.shop.bulk.pause()
    ids = [client.bulk("{orders{edges{node{id}}}}")["bulkOperation"]["id"] for _ in range(5)]
    refused = client.bulk("{orders{edges{node{id}}}}")
    assert refused["bulkOperation"] is None
    assert refused["userErrors"][0]["code"] == "LIMIT_REACHED"
    client.shop.bulk.resume()
    assert {client.finished(one)["status"] for one in ids} == {"COMPLETED"}


def test_a_running_operation_can_be_canceled_once(client: Client) -> None:
    client.shop.bulk.pause()
    started = client.bulk("{orders{edges{node{id}}}}")["bulkOperation"]["id"]
    text = """mutation($id: ID!) { bulkOperationCancel(id: $id) {
        bulkOperation { status } userErrors { field message } } }"""
    first = client.data(text, id=started)["bulkOperationCancel"]
    assert first == {"bulkOperation": {"status": "CANCELING"}, "userErrors": []}
    assert client.finished(started)["status"] == "CANCELED"
    again = client.data(text, id=started)["bulkOperationCancel"]
    assert again["userErrors"] == [
        {"field": None, "message": "A bulk operation cannot be canceled when it is canceled"}
    ]
    unknown = client.data(text, id=gid("BulkOperation", 1))["bulkOperationCancel"]
    assert unknown["userErrors"][0]["message"] == "Bulk operation does not exist"


def test_a_failing_operation_leaves_its_partial_data(client: Client) -> None:
    client.shop.bulk.fail_next(Failure(after_objects=3, code="TIMEOUT"))
    started = client.bulk("{orders(sortKey:ID){edges{node{id}}}}")["bulkOperation"]["id"]
    done = client.finished(started)
    assert (done["status"], done["errorCode"], done["url"]) == ("FAILED", "TIMEOUT", None)
    rows = requests.get(done["partialDataUrl"], timeout=5).text.splitlines()
    assert [json.loads(row)["id"] for row in rows] == [gid("Order", n) for n in (1, 2, 3)]


def test_a_download_that_breaks_in_the_middle_is_resumed_by_range(
    client: Client, server: tuple[_Current, str]
) -> None:
    started = client.bulk(_orders("id " + LINES))["bulkOperation"]["id"]
    url = client.finished(started)["url"]
    whole = requests.get(url, timeout=5).content
    current, _ = server
    current.app = FaultyApp(current.app, FaultPlan([Fault("reset", path="^/bulk/", nth=(1,))]))
    pieces: list[bytes] = []
    with pytest.raises(requests.exceptions.RequestException):
        pieces.extend(requests.get(url, stream=True, timeout=5).iter_content(64))
    got = b"".join(pieces)
    assert 0 < len(got) < len(whole)
    rest = requests.get(url, headers={"Range": f"bytes={len(got)}-"}, timeout=5)
    assert rest.status_code == 206
    assert rest.headers["Content-Range"] == f"bytes {len(got)}-{len(whole) - 1}/{len(whole)}"
    assert got + rest.content == whole


REPORT = """query($q: String!) { shopifyqlQuery(query: $q) { parseErrors
    tableData { columns { name dataType displayName } rows } } }"""


def test_the_shops_own_report_is_answered_per_day_with_the_days_between(client: Client) -> None:
    found = client.data(
        REPORT,
        q="FROM sales SHOW net_sales, orders TIMESERIES day SINCE 2026-11-19 UNTIL 2026-11-21",
    )["shopifyqlQuery"]
    assert found["parseErrors"] == []
    assert found["tableData"]["columns"] == [
        {"name": "day", "dataType": "DAY_TIMESTAMP", "displayName": "Day"},
        {"name": "net_sales", "dataType": "MONEY", "displayName": "Net sales"},
        {"name": "orders", "dataType": "INTEGER", "displayName": "Orders"},
    ]
    assert found["tableData"]["rows"] == [
        {"day": "2026-11-19", "net_sales": "0.00", "orders": "0"},
        {"day": "2026-11-20", "net_sales": "14.00", "orders": "2"},
        {"day": "2026-11-21", "net_sales": "-4.50", "orders": "0"},
    ]


def test_a_report_can_be_grouped_filtered_ordered_and_limited(client: Client) -> None:
    found = client.data(
        REPORT,
        q="FROM sales SHOW net_sales AS net GROUP BY sales_channel SINCE -30d UNTIL today "
        "ORDER BY net DESC LIMIT 1",
    )["shopifyqlQuery"]["tableData"]["rows"]
    assert found == [{"sales_channel": "POS", "net": "5.00"}]
    online = client.data(
        REPORT, q="FROM sales SHOW net_sales WHERE sales_channel = 'Online' SINCE -30d"
    )["shopifyqlQuery"]["tableData"]["rows"]
    assert online == [{"net_sales": "4.50"}]


def test_a_report_that_cannot_be_parsed_says_why(client: Client) -> None:
    found = client.data(REPORT, q="FROM sales SHOW turnover")["shopifyqlQuery"]
    assert found == {"parseErrors": ["Column 'turnover' not found"], "tableData": None}
    for text in ("SHOW net_sales", "FROM sales", "FROM x SHOW y", "please"):
        with pytest.raises(ParseError):
            parse(text, date(2026, 11, 23))


def test_webhooks_are_signed_repeated_and_out_of_order_on_demand() -> None:
    received: list[tuple[dict[str, str], bytes]] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, daemon=True).start()
    events = [Event("orders/updated", {"id": n, "total": money("1.00")}) for n in range(6)]
    sender = WebhookSender("hush", "corner.myshopify.com")
    url = f"http://127.0.0.1:{server.server_port}/hooks"
    try:
        assert sender.deliver(url, events, duplicates=1, shuffle_seed=3) == [200] * 12
    finally:
        server.shutdown()
        server.server_close()
    numbers = [json.loads(body)["id"] for _, body in received]
    assert sorted(numbers) == sorted([*range(6)] * 2)
    assert numbers != sorted(numbers)
    assert len({headers["X-Shopify-Webhook-Id"] for headers, _ in received}) == 6
    for headers, body in received:
        digest = base64.b64encode(hmac.new(b"hush", body, hashlib.sha256).digest()).decode()
        assert headers["X-Shopify-Hmac-Sha256"] == digest
        assert headers["X-Shopify-Topic"] == "orders/updated"
        assert headers["X-Shopify-Shop-Domain"] == "corner.myshopify.com"
