"""Square's stand-in, driven by Square's own client; its report and its documents agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from square import Square
from square.core.api_error import ApiError

from sandbox.serving import serving
from sandbox.square import square_app
from sandbox.world import World, WorldSettings, generate

TOKEN = "sandbox-token"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    settings = WorldSettings(seed=3, years=0.1, orders_per_day=60)
    return generate(settings, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def square(world: World) -> Iterator[Square]:
    with serving(square_app(world, lambda token: token == TOKEN)) as address:
        yield Square(token=TOKEN, base_url=address)


@pytest.fixture(scope="module")
def orders(square: Square) -> list:
    return list(_orders(square))


def _orders(square: Square, limit: int = 500, **filters: object) -> Iterator:
    locations = [location.id for location in square.locations.list().locations or []]
    query: dict = {"sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"}, **filters}
    cursor = None
    while True:
        page = square.orders.search(location_ids=locations, query=query, limit=limit,
                                    **({"cursor": cursor} if cursor else {}))  # fmt: skip
        yield from page.orders or []
        cursor = page.cursor
        if not cursor:
            return


def _cents(money: object) -> int:
    return money.amount if money is not None else 0  # type: ignore[attr-defined]


def test_every_order_of_the_ledger_is_found_once(orders: list, world: World) -> None:
    ids = [order.id for order in orders]
    assert len(ids) == len(set(ids))
    ((expected,),) = world.rows(
        "select count(*) from events join orders using (order_id) join places using (place_id) "
        "where system = 'square' and not is_test"
    )
    ((copies,),) = world.rows("select count(*) from copies")
    assert len(ids) == expected + copies > 700 + copies
    times = [order.updated_at for order in orders]
    assert times == sorted(times)


def test_a_returns_order_is_one_of_its_own(orders: list) -> None:
    sales = {order.id for order in orders if order.line_items}
    returns = [order for order in orders if order.returns]
    sources = [back.source_order_id for order in returns for back in order.returns]
    assert len(returns) > 12
    assert None in sources
    assert {source for source in sources if source} <= sales
    assert all(_cents(order.net_amounts.total_money) <= 0 for order in returns
               if not order.line_items)  # fmt: skip


def test_documents_add_up(orders: list) -> None:
    for order in orders:
        lines = order.line_items or []
        service = sum(_cents(charge.total_money) for charge in order.service_charges or [])
        total = sum(_cents(line.total_money) for line in lines)
        assert total + service + _cents(order.total_tip_money) == _cents(order.total_money)
        for line in lines:
            gross = _cents(line.gross_sales_money)
            assert gross == _cents(line.base_price_money) * int(line.quantity)
            assert gross - _cents(line.total_discount_money) + _cents(
                line.total_tax_money
            ) == _cents(line.total_money)
            if line.applied_discounts:
                assert sum(_cents(part.applied_money) for part in line.applied_discounts) == (
                    _cents(line.total_discount_money)
                )
        paid = sum(_cents(tender.amount_money) for tender in order.tenders or [])
        back = sum(_cents(refund.amount_money) for refund in order.refunds or [])
        assert paid - back == _cents(order.net_amounts.total_money)


def test_the_report_agrees_with_the_documents_to_the_cent(square: Square, orders: list) -> None:
    """Gross, discounts, returns, tax and tips per local day, from two separate projections."""
    days: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    zone = ZoneInfo("America/New_York")
    for order in orders:
        day = datetime.fromisoformat(order.closed_at).astimezone(zone).date().isoformat()
        sums = days[day]
        for line in order.line_items or []:
            if line.item_type == "GIFT_CARD":
                continue
            sums["gross_sales"] += _cents(line.gross_sales_money)
            sums["discounts_amount"] += _cents(line.total_discount_money)
            sums["sales_tax_amount"] += _cents(line.total_tax_money)
        for back in order.returns or []:
            for line in back.return_line_items or []:
                sums["returns_amount"] += _cents(line.gross_return_money) - _cents(
                    line.total_discount_money
                )
                sums["sales_tax_amount"] -= _cents(line.total_tax_money)
        sums["tips_amount"] += _cents(order.total_tip_money)
    names = ["gross_sales", "discounts_amount", "returns_amount", "sales_tax_amount", "tips_amount"]
    reported = _report(square, [f"Sales.{name}" for name in names])
    assert len(reported) == len(days)
    for row in reported:
        day = row["Sales.local_reporting_timestamp.day"][:10]
        for name in names:
            assert Decimal(row[f"Sales.{name}"]) * 100 == days[day][name], (day, name)


def _report(square: Square, measures: list[str]) -> list[dict]:
    query = {"measures": measures, "timeDimensions": [
        {"dimension": "Sales.local_reporting_timestamp", "granularity": "day"}]}  # fmt: skip
    for _ in range(3):
        response = square.reporting.with_raw_response.load(query=query)  # type: ignore[arg-type]
        data = response.data
        if getattr(data, "error", None) != "Continue wait":
            return [row if isinstance(row, dict) else dict(row) for row in data.data]
    raise AssertionError("the report never came")


def test_a_refund_leads_to_its_sale_through_its_payment(square: Square, orders: list) -> None:
    by_id = {order.id: order for order in orders}
    places = [place.id for place in square.locations.list().locations or []]
    payments = {payment.id: payment for place in places
                for payment in square.payments.list(limit=100, location_id=place)}  # fmt: skip
    of_main = {payment.location_id for payment in square.payments.list(limit=100)}
    assert of_main == {places[0]}
    refunds = list(square.refunds.list(limit=100))
    assert len(refunds) > 12
    for refund in refunds:
        assert by_id[refund.order_id].returns, "a refund's order is the return"
        payment = payments[refund.payment_id]
        assert by_id[payment.order_id].line_items
        assert refund.id in payment.refund_ids
        assert _cents(payment.refunded_money) >= _cents(refund.amount_money)
    tipped = [payment for payment in payments.values() if _cents(payment.tip_money)]
    assert all(_cents(p.amount_money) + _cents(p.tip_money) == _cents(p.total_money)
               for p in tipped)  # fmt: skip
    assert tipped


def test_where_nothing_happened_the_page_is_empty(square: Square) -> None:
    later = "2100-01-01T00:00:00Z"
    assert list(square.refunds.list(begin_time=later)) == []
    assert list(square.payments.list(begin_time=later)) == []


def test_what_changed_since_is_what_comes_back(square: Square, orders: list) -> None:
    since = orders[-200].updated_at
    recent = {"date_time_filter": {"updated_at": {"start_at": since}}}
    changed = list(_orders(square, filter=recent))
    assert {order.id for order in changed} == {o.id for o in orders if o.updated_at >= since}


def test_pages_of_any_size_give_the_same(square: Square, orders: list) -> None:
    since = orders[-300].updated_at
    recent = {"date_time_filter": {"updated_at": {"start_at": since}}}
    assert [order.id for order in _orders(square, 7, filter=recent)] == [
        order.id for order in orders if order.updated_at >= since
    ]


def test_catalog_and_customers_are_there(square: Square, world: World, orders: list) -> None:
    found = list(square.catalog.list())
    kinds = {entry.type for entry in found}
    assert kinds == {"CATEGORY", "TAX", "ITEM", "MODIFIER_LIST", "DISCOUNT"}
    variations = {v.id for item in found if item.type == "ITEM" for v in item.item_data.variations}
    sold = {line.catalog_object_id for order in orders for line in order.line_items or []}
    assert None in sold, "amounts typed in at the till have no catalog object"
    assert sold - {None} <= variations
    cursor, customers = None, []
    while True:
        page = square.customers.search(limit=100, **({"cursor": cursor} if cursor else {}))
        customers += page.customers or []
        cursor = page.cursor
        if not cursor:
            break
    known = {customer.id for customer in customers}
    assert {order.customer_id for order in orders if order.customer_id} <= known
    assert len(customers) == len(known) > 100


def test_wrong_questions_are_refused_as_square_does(square: Square) -> None:
    with pytest.raises(ApiError) as caught:
        square.orders.search(location_ids=[f"L{n}" for n in range(11)])
    assert caught.value.status_code == 400
    now = datetime.now(UTC).isoformat()
    with pytest.raises(ApiError, match="Sort field"):
        square.orders.search(location_ids=["L"], query={
            "filter": {"date_time_filter": {"updated_at": {"start_at": now}}},
            "sort": {"sort_field": "CREATED_AT"},
        })  # fmt: skip
    with pytest.raises(ApiError, match="COMPLETED"):
        square.orders.search(location_ids=["L"], query={"sort": {"sort_field": "CLOSED_AT"}})
    with pytest.raises(ApiError, match="cursor"):
        square.orders.search(location_ids=["L"], cursor="bm90IGEgY3Vyc29y")
    stranger = Square(token="wrong", base_url=square._client_wrapper.get_base_url())
    with pytest.raises(ApiError) as caught:
        stranger.locations.list()
    assert caught.value.status_code == 401
