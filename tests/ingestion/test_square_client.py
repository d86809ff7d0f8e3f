"""Reading a whole Square account, and what happens when its server misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from ingestion.sources.square import SquareClient
from ingestion.transport import Pace
from sandbox.faults import Fault, FaultPlan, FaultyApp
from sandbox.serving import serving
from sandbox.square import square_app
from sandbox.world import World, WorldSettings, generate
from warehouse.errors import HubError

TOKEN = "sandbox-token"
# Sales of the shop whose cards were taken on a terminal of Square: there they are sales, too.
COPIES = "(select count(*) from copies where other_system = 'square')"


class Bearer(httpx.Auth):
    """Signs with a token, as a connection does."""

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
        request.headers["Authorization"] = f"Bearer {TOKEN}"
        yield request


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    settings = WorldSettings(seed=5, years=0.2, orders_per_day=50)
    return generate(settings, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[tuple[str, FaultPlan]]:
    plan = FaultPlan()
    app = FaultyApp(square_app(world, lambda token: token == TOKEN), plan)
    with serving(app) as address:
        yield address, plan


@pytest.fixture
def faults(server: tuple[str, FaultPlan]) -> Iterator[FaultPlan]:
    yield server[1]
    server[1].clear()


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def square(server: tuple[str, FaultPlan], pauses: list[float]) -> Iterator[SquareClient]:
    client = SquareClient(server[0], Bearer(), sleep=pauses.append)
    yield client
    client.close()


def _flat(pages: Iterator[list[dict]]) -> list[dict]:
    return [row for page in pages for row in page]


def _all_orders(square: SquareClient, **bounds: datetime) -> list[dict]:
    places = [location["id"] for location in square.locations()]
    return _flat(square.orders(places, **bounds))


def test_every_list_is_read_to_its_end(square: SquareClient, world: World) -> None:
    of_square = (
        "join orders using (order_id) join places using (place_id) "
        "where system = 'square' and not is_test"
    )
    counted = {
        "orders": (_all_orders(square), f"select {COPIES} + count(*) from events {of_square}"),
        "payments": (
            [row for place in square.locations() for row in _flat(square.payments(place["id"]))],
            f"select {COPIES} + count(*) from payments {of_square} and amount_cents > 0",
        ),
        "refunds": (
            _flat(square.refunds()),
            f"select count(*) from payments {of_square} and amount_cents < 0",
        ),
        "customers": (
            _flat(square.customers()),
            """select count(distinct contact_id) from orders join places using (place_id)
            where system = 'square' and not is_test and contact_id > 0""",
        ),
    }
    for name, (found, query) in counted.items():
        assert len(found) == world.rows(query)[0][0] > 20, name
        assert len({row["id"] for row in found}) == len(found)
    kinds = {entry["type"] for entry in _flat(square.catalog())}
    assert {"ITEM", "CATEGORY", "TAX"} <= kinds
    assert square.merchants()[0]["currency"] == "USD"


def test_only_what_changed_in_a_period_is_read(square: SquareClient) -> None:
    orders = _all_orders(square)
    middle = datetime.fromisoformat(orders[len(orders) // 2]["updated_at"])
    end = middle + timedelta(days=5)
    found = _all_orders(square, since=middle, until=end)
    assert [order["id"] for order in found] == [
        order["id"] for order in orders
        if middle <= datetime.fromisoformat(order["updated_at"]) < end
    ]  # fmt: skip
    assert found


def test_the_report_waits_and_comes_whole(square: SquareClient, world: World) -> None:
    ((first,),) = world.rows("select min(placed_local)::date from orders")
    rows = square.sales_report(["Sales.net_sales", "Sales.order_count"], first)
    ((orders,),) = world.rows(
        "select count(*) from orders join places using (place_id) "
        "where system = 'square' and not is_test"
    )
    ((copies,),) = world.rows(f"select {COPIES}")
    assert sum(int(row["Sales.order_count"]) for row in rows) == orders + copies
    with pytest.raises(HubError, match=r"no longer have Sales\.magic"):
        square.sales_report(["Sales.magic"], first)


@pytest.mark.parametrize("fault", [
    Fault("status", path="/v2/orders", nth=(2,), status=429, retry_after="7"),
    Fault("status", path="/v2/orders", nth=(1, 2, 3), status=429),
    Fault("status", path="/v2/orders", nth=(1, 3), status=500),
    Fault("status", path="/v2/orders", nth=(2,), status=502, answer="<html>Bad gateway</html>"),
    Fault("reset", path="/v2/orders", nth=(2,)),
    Fault("truncate", path="/v2/orders", nth=(2,)),
], ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.retry_after}")  # fmt: skip
def test_what_passes_is_tried_again_with_the_same_result(
    square: SquareClient, faults: FaultPlan, pauses: list[float], fault: Fault
) -> None:
    expected = _all_orders(square)
    faults.add(fault)
    assert _all_orders(square) == expected
    assert len(faults.struck) == len(fault.nth)
    assert len(pauses) == len(fault.nth)
    assert pauses == sorted(pauses) or fault.status == 500
    if fault.retry_after:
        assert pauses == [7.0]


def test_what_does_not_pass_is_told_with_its_request_and_remedy(
    square: SquareClient, faults: FaultPlan, pauses: list[float]
) -> None:
    faults.add(Fault("status", path="/v2/payments", status=503))
    with pytest.raises(HubError) as caught:
        _flat(square.payments("L1"))
    assert "Square did not answer GET /v2/payments: HTTP 503 (6 attempts)" in caught.value.message
    assert "run again later" in str(caught.value.fix)
    assert len(pauses) == 5


def test_a_refused_token_asks_to_connect_again(server: tuple[str, FaultPlan]) -> None:
    stranger = SquareClient(server[0], httpx.BasicAuth("a", "b"), sleep=lambda _: None)
    with pytest.raises(HubError, match="HTTP 401") as caught:
        stranger.locations()
    assert "hub connect square" in str(caught.value.fix)


def test_a_list_that_goes_round_is_no_list(
    square: SquareClient, faults: FaultPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.add(Fault("change_field", path="/v2/orders", target="cursor", value="again"))
    monkeypatch.setattr("ingestion.sources.square.client.ORDERS_PER_PAGE", 50)
    with pytest.raises(HubError, match=r"twice|refused"):
        _all_orders(square)


def test_the_pace_slows_at_the_limit_and_recovers() -> None:
    pace = Pace()
    pace.was_limited(0)
    pace.was_limited(0)
    assert pace.pause_seconds == pytest.approx(0.1)
    for _ in range(500):
        pace.was_good()
    assert pace.pause_seconds == 0
