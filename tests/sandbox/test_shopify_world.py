"""A generated world in the local Shopify: its documents and its own report agree to the cent."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from sandbox.serving import serving
from sandbox.shopify.execution import Shop
from sandbox.shopify.server import create_app
from sandbox.shopify.world_documents import WorldDocuments
from sandbox.world import World, WorldSettings, generate

Json = dict[str, Any]
NEW_YORK = ZoneInfo("America/New_York")
MONEY = "{shopMoney{amount currencyCode} presentmentMoney{amount currencyCode}}"
FIELDS = f"""
    id name createdAt processedAt updatedAt test cancelledAt cancelReason currencyCode edited
    shippingAddress{{city countryCodeV2}}
    presentmentCurrencyCode taxesIncluded sourceName discountCodes displayFinancialStatus
    app{{id name}} customer{{id email displayName defaultEmailAddress{{emailAddress}}}}
    retailLocation{{id name}} shippingLine{{id title discountedPriceSet{MONEY}}}
    totalPriceSet{MONEY} currentTotalPriceSet{MONEY} totalTaxSet{MONEY} totalDiscountsSet{MONEY}
    totalReceivedSet{MONEY} totalRefundedSet{MONEY} totalOutstandingSet{MONEY}
    subtotalPriceSet{MONEY} totalShippingPriceSet{MONEY}
    transactions{{id kind status gateway processedAt amountSet{MONEY} parentTransaction{{id kind}}
        fees{{amount{{amount}} rate}}}}
"""
LINE = f"""id title sku quantity currentQuantity isGiftCard variant{{id sku}} product{{id}}
    originalUnitPriceSet{MONEY} originalTotalSet{MONEY} discountedTotalSet{MONEY}
    taxLines{{title rate priceSet{MONEY}}}
    discountAllocations{{allocatedAmountSet{MONEY} discountApplication{{
        __typename index ...on DiscountCodeApplication{{code}} value{{__typename}}}}}}"""
SALE = f"""__typename id actionType lineType quantity totalAmount{MONEY} totalTaxAmount{MONEY}
    totalDiscountAmountBeforeTaxes{MONEY} totalDiscountAmountAfterTaxes{MONEY}
    ...on ProductSale{{lineItem{{id}}}} ...on FeeSale{{fee{{id}}}}"""
AGREEMENT = f"__typename id happenedAt reason sales{{edges{{node{{{SALE}}}}}}}"
BULK = f"""{{orders{{edges{{node{{{FIELDS}
    lineItems{{edges{{node{{{LINE}}}}}}}
    agreements{{edges{{node{{{AGREEMENT}}}}}}}
}}}}}}}}"""
PAGE = """query($after: String, $query: String) {
    orders(first: 250, after: $after, query: $query, sortKey: UPDATED_AT) {
        nodes { id updatedAt } pageInfo { hasNextPage endCursor } } }"""


class Client:
    """Requests to a served shop whose clock runs ahead, so that nothing is throttled."""

    def __init__(self, address: str, moment: list[float]) -> None:
        self.address, self.moment = address, moment

    def data(self, query: str, /, **variables: Any) -> Json:
        self.moment[0] += 60
        answer = requests.post(
            f"{self.address}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": "secret"},
            timeout=30,
        ).json()
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    def bulk(self, query: str) -> list[Json]:
        """Lines of a bulk operation."""
        text = """mutation($query: String!) { bulkOperationRunQuery(query: $query) {
            bulkOperation { id } userErrors { message } } }"""
        answer = self.data(text, query=query)["bulkOperationRunQuery"]
        assert not answer["userErrors"]
        started = answer["bulkOperation"]["id"]
        for _ in range(2000):
            found = self.data(
                "query($id: ID!) { bulkOperation(id: $id) { status errorCode url } }", id=started
            )["bulkOperation"]
            if found["status"] not in ("CREATED", "RUNNING"):
                break
            time.sleep(0.02)
        assert found["status"] == "COMPLETED", found
        return [json.loads(x) for x in requests.get(found["url"], timeout=30).text.splitlines()]

    def ids(self, query: str | None = None) -> list[str]:
        """Ids of orders, page by page, as they were changed."""
        found: list[Json] = []
        after = None
        while True:
            page = self.data(PAGE, after=after, query=query)["orders"]
            found += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        times = [node["updatedAt"] for node in found]
        assert times == sorted(times)
        return [node["id"] for node in found]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = WorldSettings(seed=5, years=0.15, orders_per_day=60)
    made = generate(settings, tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[Client]:
    moment = [datetime(2026, 10, 2, tzinfo=UTC).timestamp()]
    shop = Shop(WorldDocuments(world), clock=lambda: moment[0])
    with serving(create_app(shop)) as address:
        yield Client(address, moment)
    shop.bulk.close()


@pytest.fixture(scope="module")
def orders(client: Client) -> dict[str, Json]:
    """All orders from one bulk operation, with their lines and agreements put back."""
    found: dict[str, Json] = {}
    agreements: dict[str, Json] = {}
    for line in client.bulk(BULK):
        parent = line.get("__parentId")
        if parent is None:
            assert line["id"] not in found
            found[line["id"]] = {**line, "lines": [], "agreements": []}
        elif "happenedAt" in line:
            agreements[line["id"]] = {**line, "sales": []}
            found[parent]["agreements"].append(agreements[line["id"]])
        elif "actionType" in line:
            agreements[parent]["sales"].append(line)
        else:
            found[parent]["lines"].append(line)
    return found


def _amount(bag: Json) -> Decimal:
    return Decimal(bag["shopMoney"]["amount"])


def _mine(world: World, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query over the orders of Shopify, which it calls ``mine``."""
    return world.rows(
        "with mine as (select o.* from orders o join places using (place_id) "
        "where system = 'shopify' and not (is_test and order_id % 2 = 0 "
        f"and placed_at + interval 3 day <= now_at())) {query}"
    )


def _number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def test_every_order_of_the_ledger_is_found_once(
    client: Client, world: World, orders: dict[str, Json]
) -> None:
    expected = [number for (number,) in _mine(world, "select order_id from mine order by 1")]
    paged = client.ids()
    assert len(paged) == len(set(paged)) == len(expected) > 800
    assert sorted(map(_number, paged)) == [_number(one) for one in orders] == expected
    names = [order["name"] for order in orders.values()]
    assert len(set(names)) == len(names)
    assert names[0] == "#1001"
    assert int(names[-1][1:]) < 1001 + 1.01 * len(names)


def test_the_sales_of_the_documents_add_up_to_shopifys_own_report(
    client: Client, orders: dict[str, Json]
) -> None:
    shown = ("gross_sales", "discounts", "sales_reversals", "net_sales", "taxes",
             "shipping_charges", "fees", "gift_card_sales", "tips", "orders")  # fmt: skip
    text = (
        f"FROM sales SHOW {', '.join(shown)}, total_sales TIMESERIES day "
        "SINCE 2026-08-01 UNTIL 2026-10-02"
    )
    answer = client.data("query($q: String!) { shopifyqlQuery(query: $q) "
                         "{ parseErrors tableData { rows } } }", q=text)  # fmt: skip
    assert not answer["shopifyqlQuery"]["parseErrors"]
    rows = {row["day"]: row for row in answer["shopifyqlQuery"]["tableData"]["rows"]}
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for order in orders.values():
        for agreement in order["agreements"] if not order["test"] else []:
            moment = datetime.fromisoformat(agreement["happenedAt"])
            day = sums[moment.astimezone(NEW_YORK).date().isoformat()]
            day["orders"] += agreement["reason"] == "ORDER"
            for sale in agreement["sales"]:
                _add(day, sale)
    assert len(sums) > 50
    assert set(sums) <= set(rows)
    assert sum(day["sales_reversals"] for day in sums.values()) < 0
    for day_name, row in rows.items():
        day = sums[day_name]
        assert {name: Decimal(row[name]) for name in shown} == {name: day[name] for name in shown}
        parts = ("net_sales", "shipping_charges", "taxes", "fees")
        assert Decimal(row["total_sales"]) == sum(day[name] for name in parts)


def _add(day: dict[str, Decimal], sale: Json) -> None:
    total, tax = _amount(sale["totalAmount"]), _amount(sale["totalTaxAmount"])
    discount = _amount(sale["totalDiscountAmountBeforeTaxes"])
    day["taxes"] += tax
    charges = {"SHIPPING": "shipping_charges", "FEE": "fees", "GIFT_CARD": "gift_card_sales",
               "TIP": "tips"}  # fmt: skip
    if name := charges.get(sale["lineType"]):
        day[name] += total - tax
        return
    day["net_sales"] += total - tax
    if sale["actionType"] == "RETURN":
        assert total <= 0
        assert discount <= 0
        day["sales_reversals"] += total - tax
    else:
        day["gross_sales"] += total - tax + discount
        day["discounts"] -= discount


def test_payments_less_refunds_are_the_money_due(world: World, orders: dict[str, Json]) -> None:
    due = dict(_mine(world, """
        select order_id, sum(l.gross_cents - l.discount_cents - l.reversal_cents + l.tax_cents
                             + l.charge_cents)
        from event_lines l semi join mine using (order_id) group by order_id"""))  # fmt: skip
    kinds: Counter[str] = Counter()
    unpaid = 0
    for gid, order in orders.items():
        money = Decimal(0)
        for one in order["transactions"]:
            kinds[one["kind"]] += 1
            amount = _amount(one["amountSet"])
            assert amount > 0
            if one["kind"] == "CAPTURE":
                assert one["parentTransaction"]["kind"] == "AUTHORIZATION"
            if one["kind"] != "AUTHORIZATION":
                money += -amount if one["kind"] == "REFUND" else amount
        expected = Decimal(due[_number(gid)]) / 100
        assert _amount(order["currentTotalPriceSet"]) == expected
        assert _amount(order["totalOutstandingSet"]) == expected - money
        unpaid += expected != money
        assert expected == money or order["displayFinancialStatus"] == "PENDING"
    assert unpaid < len(orders) / 100
    assert kinds["AUTHORIZATION"] == kinds["CAPTURE"] > 20
    assert min(kinds["SALE"], kinds["REFUND"]) > 20


def test_lines_allocations_tax_and_shipping_make_the_total(orders: dict[str, Json]) -> None:
    has_included = has_code = has_gift = False
    for order in orders.values():
        total = Decimal(0)
        for line in order["lines"]:
            gross = _amount(line["originalTotalSet"])
            assert gross == _amount(line["originalUnitPriceSet"]) * line["quantity"]
            allocated = [_amount(one["allocatedAmountSet"]) for one in line["discountAllocations"]]
            total += gross - sum(allocated)
            if not order["taxesIncluded"]:
                total += sum(_amount(tax["priceSet"]) for tax in line["taxLines"])
            codes = {one["discountApplication"].get("code") for one in line["discountAllocations"]}
            assert codes - {None} <= set(order["discountCodes"])
            has_code |= bool(codes - {None})
            has_gift |= line["isGiftCard"]
        total += _amount(order["totalShippingPriceSet"])
        assert total == _amount(order["totalPriceSet"])
        has_included |= order["taxesIncluded"]
        assert order["taxesIncluded"] == (order["presentmentCurrencyCode"] == "GBP")
    assert has_included
    assert has_code
    assert has_gift


def test_edits_and_exchanges_leave_their_lines_and_agreements(
    world: World, orders: dict[str, Json]
) -> None:
    kinds = _mine(world, "select order_id, kind from events semi join mine using (order_id) "
                         "where kind <> 'sale'")  # fmt: skip
    seen: Counter[str] = Counter()
    for number, kind in kinds:
        order = orders[f"gid://shopify/Order/{number}"]
        first, later = order["agreements"]
        assert first["reason"] == "ORDER"
        assert order["updatedAt"] >= later["happenedAt"] > first["happenedAt"]
        expected = {"edit": {"ORDER_EDIT"}, "exchange": {"RETURN"}, "goodwill": {"REFUND"},
                    "cancellation": {"REFUND"}, "refund": {"REFUND", "RETURN"}}  # fmt: skip
        assert later["reason"] in expected[kind]
        assert (order["cancelledAt"] is not None) == (kind == "cancellation")
        assert order["edited"] == (kind == "edit")
        moved: Counter[str] = Counter()
        for agreement in order["agreements"]:
            for sale in agreement["sales"]:
                if sale["lineType"] == "PRODUCT":
                    moved[sale["lineItem"]["id"]] += sale["quantity"]
        lines = {x["id"]: x["currentQuantity"] for x in order["lines"] if x["product"]}
        assert dict(moved) == lines
        seen[kind] += 1
    assert set(seen) == {"edit", "exchange", "goodwill", "cancellation", "refund"}


def test_refunds_hold_what_went_back(client: Client, world: World) -> None:
    ((number,),) = _mine(world, "select min(order_id) from events semi join mine using (order_id) "
                                "where kind = 'refund'")  # fmt: skip
    ((goodwill,),) = _mine(world, "select min(order_id) from events semi join mine "
                                  "using (order_id) where kind = 'goodwill'")  # fmt: skip
    text = """query($id: ID!) { order(id: $id) { refunds { createdAt
        totalRefundedSet { shopMoney { amount } }
        refundLineItems(first: 20) { nodes { quantity lineItem { id }
            subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } } }
        orderAdjustments(first: 5) { nodes { reason amountSet { shopMoney { amount } } } }
        transactions(first: 5) { nodes { kind amountSet { shopMoney { amount } } } } }
        returns(first: 5) { nodes { name status } } } }"""
    (refund,) = client.data(text, id=f"gid://shopify/Order/{number}")["order"]["refunds"]
    back = sum(line["quantity"] for line in refund["refundLineItems"]["nodes"])
    ((expected,),) = world.rows(
        "select -sum(quantity) from event_lines where order_id = ? and quantity < 0 "
        "and line_type = 'product'", number,
    )  # fmt: skip
    assert back == expected > 0
    (refund,) = client.data(text, id=f"gid://shopify/Order/{goodwill}")["order"]["refunds"]
    (adjustment,) = refund["orderAdjustments"]["nodes"]
    assert refund["refundLineItems"]["nodes"] == []
    assert -_amount(adjustment["amountSet"]) == _amount(refund["totalRefundedSet"]) > 0


@pytest.mark.parametrize("day", ["2026-09-01", "2026-09-20"])
def test_a_search_by_update_returns_exactly_what_changed(
    client: Client, world: World, day: str
) -> None:
    since = f"{day}T00:00:00Z"
    expected = _mine(world, "select order_id from events semi join mine using (order_id) "
                     "join mine using (order_id) group by order_id having greatest("
                     f"max(happened_at), any_value(fulfilled_at)) >= '{since}'")  # fmt: skip
    found = client.ids(f"updated_at:>='{since}'")
    assert sorted(map(_number, found)) == sorted(number for (number,) in expected)
    before = client.ids(f"updated_at:<'{since}'")
    assert not set(found) & set(before)
    assert len(found) + len(before) == len(client.ids())


def test_the_catalogue_customers_and_places_are_there(client: Client, world: World) -> None:
    shop = client.data("{ shop { name currencyCode ianaTimezone } }")["shop"]
    assert (shop["currencyCode"], shop["ianaTimezone"]) == ("USD", "America/New_York")
    places = client.data("{ locations(first: 9) { nodes { name isActive } } }")["locations"]
    assert {place["name"] for place in places["nodes"]} == {"Lakeside", "Online store"}
    variants = client.bulk("{ productVariants { edges { node { id sku price product { id title } "
                           "inventoryItem { unitCost { amount } } } } } }")  # fmt: skip
    prices = dict(world.rows(
        "select sku, arg_max(price_cents, valid_from_date) from prices join variants "
        "using (variant_id) group by sku"
    ))  # fmt: skip
    assert len(variants) > 50
    for variant in variants:
        assert Decimal(variant["price"]) * 100 == prices[variant["sku"]]
        assert Decimal(variant["inventoryItem"]["unitCost"]["amount"]) > 0
    customers = client.bulk("{ customers { edges { node { id email phone firstName } } } }")
    ((expected,),) = _mine(world, "select count(distinct contact_id) from mine "
                                  "where contact_id > 0")  # fmt: skip
    assert len({customer["email"] for customer in customers}) == len(customers) == expected


def test_foreign_orders_show_the_customers_currency(orders: dict[str, Json]) -> None:
    rates = {"USD": 1, "CAD": Decimal("1.36"), "EUR": Decimal("0.92"), "GBP": Decimal("0.79")}
    seen = set()
    for order in orders.values():
        bag = order["totalPriceSet"]
        currency = bag["presentmentMoney"]["currencyCode"]
        assert currency == order["presentmentCurrencyCode"]
        country = (order["shippingAddress"] or {"countryCodeV2": "US"})["countryCodeV2"]
        assert country == {"USD": "US", "CAD": "CA", "EUR": "DE", "GBP": "GB"}[currency]
        assert bag["shopMoney"]["currencyCode"] == order["currencyCode"] == "USD"
        wanted = _amount(bag) * rates[currency]
        assert abs(Decimal(bag["presentmentMoney"]["amount"]) - wanted) <= Decimal("0.005")
        seen.add(currency)
    assert seen == set(rates)
