"""Shopify's stock, fulfilments, visits, left checkouts, drafts and payouts, as of the present."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.shopify.execution import Execution, Shop
from sandbox.shopify.world_documents import WorldDocuments
from sandbox.shopify.world_tables import Tables
from sandbox.shopify.world_webhooks import deletion_events
from sandbox.world import World, WorldSettings, generate

Json = dict[str, Any]
NOW = datetime(2026, 9, 17, 15, tzinfo=UTC)
AMOUNT = "{ amount currencyCode }"
BAG = "{ shopMoney { amount } }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("world")
    generate(WorldSettings(seed=8, years=0.4, orders_per_day=60), made).close()
    return made


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    opened = World(folder, now=NOW)
    yield opened
    opened.close()


@pytest.fixture
def shop(world: World) -> Iterator[Shop]:
    made = Shop(WorldDocuments(world), bucket_size=1e12, present=lambda: world.now)
    yield made
    made.bulk.close()


def _asked(shop: Shop, query: str, **variables: Any) -> Json:
    answer = Execution(shop).answer(query, variables)
    assert "errors" not in answer, answer["errors"]
    data: Json = answer["data"]
    return data


def _nodes(shop: Shop, path: str, fields: str, arguments: str = "") -> list[Json]:
    """All nodes of a connection, page by page; ``path`` names what leads to it."""
    *outer, name = path.split(".")
    found: list[Json] = []
    after = None
    while True:
        text = (
            f"{name}(first: 100, after: $after{arguments}) {{ nodes {{ {fields} }} "
            "pageInfo { hasNextPage endCursor } }"
        )
        for part in reversed(outer):
            text = f"{part} {{ {text} }}"
        page = _asked(shop, f"query($after: String) {{ {text} }}", after=after)
        for part in path.split("."):
            page = page[part]
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


def _levels(shop: Shop, arguments: str = "") -> dict[tuple[int, int], int]:
    items = _nodes(shop, "inventoryItems", "id inventoryLevels(first: 5) { nodes { location { id } "
                   'quantities(names: ["available"]) { name quantity } } }', arguments)  # fmt: skip
    return {
        (_number(level["location"]["id"]), _number(item["id"])): level["quantities"][0]["quantity"]
        for item in items for level in item["inventoryLevels"]["nodes"]
    }  # fmt: skip


def _number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def _cents(money: Json) -> int:
    return int(Decimal(money["amount"]) * 100)


def test_levels_are_the_movements_until_now_and_go_on_with_the_clock(
    world: World, shop: Shop
) -> None:
    def truth() -> dict[tuple[int, int], int]:
        return {(place, variant): int(units) for place, variant, units in world.rows(
            "select place_id, variant_id, sum(quantity) from movements join variants using "
            "(variant_id) join products using (product_id) where place_id in (3, 4) "
            "and not (discontinued_at is not null and product_id % 2 = 1) group by all"
        )}  # fmt: skip

    before = _levels(shop)
    assert before == truth()
    assert len(before) > 300
    since = world.now
    world.advance(since + timedelta(days=2))
    changed = _levels(shop, f", query: \"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'\"")
    after = truth()
    assert before | changed == after != before
    assert len(changed) < len(after)


def test_costs_and_prices_are_those_of_the_day(world: World, shop: Shop) -> None:
    fields = f"id price inventoryQuantity inventoryItem {{ unitCost {AMOUNT} }}"
    variants = _nodes(shop, "productVariants", fields)
    costs = dict(world.rows("select variant_id, arg_max(unit_cost_cents, valid_from_date) "
                            "from costs group by 1"))  # fmt: skip
    prices = dict(world.rows("select variant_id, arg_max(price_cents, valid_from_date) "
                             "from prices group by 1"))  # fmt: skip
    assert len(variants) > 150
    for variant in variants:
        number = _number(variant["id"])
        assert _cents(variant["inventoryItem"]["unitCost"]) == costs[number]
        assert int(Decimal(variant["price"]) * 100) == prices[number]
    gone = {title for (title,) in world.rows("select title from products where "
                                             "discontinued_at is not null")}  # fmt: skip
    statuses = {one["title"]: one["status"] for one in _nodes(shop, "products", "title status")}
    assert {title for title, status in statuses.items() if status == "ARCHIVED"} == (
        gone & set(statuses)
    )


def test_what_is_deleted_is_gone_and_told(folder: Path) -> None:
    ((product, gone_at), *_) = World(folder).rows(
        "select product_id, discontinued_at from products where discontinued_at is not null "
        "and product_id % 2 = 1 and product_id in (select product_id from variants join movements "
        "using (variant_id) where place_id in (3, 4)) order by 2 desc"
    )
    ((order, made_at), *_) = World(folder).rows(
        "select order_id, placed_at from orders where is_test and order_id % 2 = 0 "
        "and place_id in (3, 4) order by 2"
    )
    text = """query($product: ID!, $order: ID!) { product(id: $product) { id }
        order(id: $order) { id } deletionEvents(first: 50, subjectTypes: [PRODUCT]) {
        nodes { subjectId subjectType occurredAt } } }"""
    gids = {"product": f"gid://shopify/Product/{product}", "order": f"gid://shopify/Order/{order}"}
    world = World(folder, now=min(gone_at, made_at + timedelta(days=1)) - timedelta(hours=1))
    shop = Shop(WorldDocuments(world), bucket_size=1e12, present=lambda: world.now)
    since = world.now
    assert _asked(shop, text, **gids)["product"]
    world.advance(made_at + timedelta(days=1))
    assert _asked(shop, text, **gids)["order"]
    world.advance(max(gone_at, made_at + timedelta(days=3)))
    after = _asked(shop, text, **gids)
    assert (after["product"], after["order"]) == (None, None)
    events = {event["subjectId"]: event for event in after["deletionEvents"]["nodes"]}
    assert events[gids["product"]]["occurredAt"] == f"{gone_at:%Y-%m-%dT%H:%M:%SZ}"
    told = {(one.topic, one.payload["id"])
            for one in deletion_events(Tables(world), since, world.now)}  # fmt: skip
    assert {("products/delete", product), ("orders/delete", order)} <= told
    world.close()


def test_an_order_is_sent_later_and_that_is_a_change_of_it(world: World, shop: Shop) -> None:
    ((number, sent_at),) = world.rows(
        "select order_id, o.fulfilled_at from truth.orders o join orders n using (order_id) "
        "where o.fulfilled_at > now_at() and o.place_id = 4 order by 2 limit 1"
    )
    text = """query($id: ID!) { order(id: $id) { updatedAt displayFulfillmentStatus
        fulfillments { createdAt status totalQuantity location { name } trackingInfo { number } }
        lineItems(first: 20) { nodes { quantity } } } }"""
    gid = f"gid://shopify/Order/{number}"
    before = _asked(shop, text, id=gid)["order"]
    assert (before["displayFulfillmentStatus"], before["fulfillments"]) == ("UNFULFILLED", [])
    world.advance(sent_at)
    after = _asked(shop, text, id=gid)["order"]
    (fulfillment,) = after["fulfillments"]
    assert after["displayFulfillmentStatus"] == "FULFILLED"
    assert after["updatedAt"] == fulfillment["createdAt"] == f"{sent_at:%Y-%m-%dT%H:%M:%SZ}"
    assert before["updatedAt"] < after["updatedAt"]
    assert fulfillment["location"]["name"] == "Online store"
    assert fulfillment["trackingInfo"]
    cancelled = _nodes(shop, "orders", "cancelledAt fulfillments { id }")
    assert not any(one["fulfillments"] for one in cancelled if one["cancelledAt"])


def test_the_last_visit_is_the_session_that_bought(world: World, shop: Shop) -> None:
    truth = {number: row for number, *row in world.rows(
        "select order_id, source, medium, campaign, landing_product_id from web_sessions "
        "where order_id > 0")}  # fmt: skip
    orders = _nodes(shop, "orders", "id test sourceName customerJourneySummary { ready lastVisit { "
                    "source landingPage utmParameters { medium campaign } } }")  # fmt: skip
    mediums = set()
    for order in orders:
        journey = order["customerJourneySummary"]
        if order["sourceName"] == "pos" or order["test"]:
            assert journey is None
            continue
        source, medium, campaign, product = truth.pop(_number(order["id"]))
        visit = journey["lastVisit"]
        assert visit["source"] == source
        assert visit["landingPage"].endswith(f"/products/{product}" if product else "/")
        tagged = visit["utmParameters"]
        assert (tagged is None) == (medium in ("none", "organic"))
        if tagged:
            assert tagged == {"medium": medium, "campaign": campaign}
        mediums.add(medium)
    assert truth == {}
    assert mediums == {"none", "organic", "cpc", "paid", "email"}


def test_sessions_are_counted_as_far_as_they_came(world: World, shop: Shop) -> None:
    names = ["sessions", "sessions_with_cart_additions", "sessions_that_reached_checkout",
             "sessions_that_completed_checkout"]  # fmt: skip
    text = f"FROM sessions SHOW {', '.join(names)} TIMESERIES day SINCE 2026-09-01 UNTIL 2026-09-17"
    table = _asked(shop, "query($q: String!) { shopifyqlQuery(query: $q) { parseErrors "
                   "tableData { rows } } }", q=text)["shopifyqlQuery"]["tableData"]  # fmt: skip
    truth = {str(day): row for day, *row in world.rows(
        "select cast(timezone('America/New_York', started_at) as date) as day, count(*), "
        "count(*) filter (has_cart), count(*) filter (has_checkout), "
        "count(*) filter (order_id > 0) from web_sessions where day >= '2026-09-01' group by 1"
    )}  # fmt: skip
    assert {row["day"]: [int(row[name]) for name in names] for row in table["rows"]} == truth
    assert len(truth) == 17
    refused = _asked(shop, "query($q: String!) { shopifyqlQuery(query: $q) { parseErrors } }",
                     q="FROM sales SHOW discount_reversals")  # fmt: skip
    assert "does not report discount_reversals" in refused["shopifyqlQuery"]["parseErrors"][0]


def test_left_checkouts_and_drafts_are_listed_and_drafts_become_orders(
    world: World, shop: Shop
) -> None:
    fields = f"""id createdAt completedAt totalPriceSet {BAG}
        lineItems(first: 5) {{ nodes {{ quantity originalUnitPriceSet {BAG} }} }}"""
    left = _nodes(shop, "abandonedCheckouts", fields)
    ((count, worth),) = world.rows(
        "select count(*), sum(quantity * unit_price_cents) from checkouts"
    )
    assert len(left) == count > 50
    assert sum(_cents(one["totalPriceSet"]["shopMoney"]) for one in left) == worth
    fields = f"""id status completedAt updatedAt order {{ id createdAt }} subtotalPriceSet {BAG}
        lineItems(first: 20) {{ nodes {{ quantity discountedTotalSet {BAG} }} }}"""
    drafts = {_number(one["id"]): one for one in _nodes(shop, "draftOrders", fields)}
    truth = world.rows("select draft_id, status, order_id from drafts")
    assert {(number, one["status"].lower(), _number(one["order"]["id"]) if one["order"] else 0)
            for number, one in drafts.items()} == set(truth)  # fmt: skip
    for one in drafts.values():
        lines = one["lineItems"]["nodes"]
        assert lines
        assert sum(_cents(line["discountedTotalSet"]["shopMoney"]) for line in lines) == _cents(
            one["subtotalPriceSet"]["shopMoney"]
        )
        if one["order"]:
            assert one["completedAt"] == one["updatedAt"] == one["order"]["createdAt"]
    ((waiting, completed_at),) = world.rows(
        "select draft_id, completed_at from truth.drafts where completed_at > now_at() "
        "order by 2 limit 1"
    )
    world.advance(completed_at)
    text = "query($id: ID!) { draftOrder(id: $id) { status order { id } } }"
    done = _asked(shop, text, id=f"gid://shopify/DraftOrder/{waiting}")["draftOrder"]
    assert done["status"] == "COMPLETED"
    assert done["order"]


def test_a_payout_is_the_sum_of_its_transactions_net_of_fees(world: World, shop: Shop) -> None:
    payouts = _nodes(shop, "shopifyPaymentsAccount.payouts", f"id issuedAt status net {AMOUNT} "
                     f"summary {{ chargesGross {AMOUNT} chargesFee {AMOUNT} "
                     f"refundsFeeGross {AMOUNT} }}", ", reverse: true")  # fmt: skip
    issued = [one["issuedAt"] for one in payouts]
    assert issued == sorted(issued, reverse=True)
    rows = _nodes(
        shop, "shopifyPaymentsAccount.balanceTransactions", "id type transactionDate "
        f"amount {AMOUNT} fee {AMOUNT} net {AMOUNT} associatedOrder {{ name }} "
        "associatedPayout { id status } sourceOrderTransactionId",
    )  # fmt: skip
    net: dict[str | None, int] = defaultdict(int)
    for row in rows:
        assert _cents(row["net"]) == _cents(row["amount"]) - _cents(row["fee"])
        assert (row["type"] == "REFUND") == (_cents(row["amount"]) < 0)
        payout = row["associatedPayout"]
        assert (payout["id"] is None) == (payout["status"] == "PENDING")
        net[payout["id"]] += _cents(row["net"])
    pending = net.pop(None)
    assert pending != 0
    assert {one["id"]: _cents(one["net"]) for one in payouts} == net
    assert {one["status"] for one in payouts} == {"PAID", "IN_TRANSIT"}
    assert all(datetime.fromisoformat(one["issuedAt"]).weekday() < 5 for one in payouts)
    for one in payouts:
        parts = {name: _cents(money) for name, money in one["summary"].items()}
        assert _cents(one["net"]) == (
            parts["chargesGross"] + parts["refundsFeeGross"] - parts["chargesFee"]
        )
    ((money,),) = world.rows(
        "select sum(amount_cents - fee_cents) from payments join orders using (order_id) "
        "where place_id in (3, 4) and method = 'card' and not is_test"
    )
    assert sum(net.values()) + pending == money


def test_a_tip_is_a_sale_of_its_own(world: World, shop: Shop) -> None:
    ((number, cents),) = world.rows(
        "select order_id, tip_cents from orders where place_id = 3 and tip_cents > 0 "
        "and not is_test limit 1"
    )
    text = f"""query($id: ID!) {{ order(id: $id) {{ totalTipReceivedSet {BAG}
        lineItems(first: 9) {{ nodes {{ id title }} }}
        agreements(first: 1) {{ nodes {{ sales(first: 9) {{ nodes {{ lineType totalAmount {BAG}
            ...on TipSale {{ lineItem {{ id }} }} }} }} }} }} }} }}"""
    order = _asked(shop, text, id=f"gid://shopify/Order/{number}")["order"]
    assert _cents(order["totalTipReceivedSet"]["shopMoney"]) == cents
    (tip,) = [sale for sale in order["agreements"]["nodes"][0]["sales"]["nodes"]
              if sale["lineType"] == "TIP"]  # fmt: skip
    assert _cents(tip["totalAmount"]["shopMoney"]) == cents
    lines = {line["id"]: line["title"] for line in order["lineItems"]["nodes"]}
    assert lines[tip["lineItem"]["id"]] == "Tip"
