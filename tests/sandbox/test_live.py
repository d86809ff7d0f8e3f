"""A world whose clock runs: nobody knows the future, and its end is the same whatever the steps."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from square.utils.webhooks_helper import verify_signature

from sandbox.__main__ import running
from sandbox.shopify.documents import ReportRequest
from sandbox.shopify.search import EVERYTHING
from sandbox.shopify.webhooks import signature
from sandbox.shopify.world_documents import WorldDocuments
from sandbox.square.paging import Call
from sandbox.square.server import Square
from sandbox.world import World, WorldSettings, generate
from sandbox.world.live import LiveWorld, kept_clock

Json = dict[str, Any]
START = datetime(2026, 9, 20, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("world")
    generate(WorldSettings(seed=11, years=0.1, orders_per_day=60), made).close()
    return made


def _square_orders(square: Square, since: datetime | None = None) -> dict[str, Json]:
    places = [place["id"] for place in square.locations(Call({}, {}, {}))["locations"]]
    bounds = {"start_at": since.isoformat()} if since else {}
    query = {"sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
             "filter": {"date_time_filter": {"updated_at": bounds}}}  # fmt: skip
    body: Json = {"location_ids": places, "query": query, "limit": 1000}
    found: dict[str, Json] = {}
    while True:
        page = square.search_orders(Call({}, {}, body))
        found |= {order["id"]: order for order in page["orders"]}
        if "cursor" not in page:
            return found
        body["cursor"] = page["cursor"]


def _payments(square: Square) -> list[Json]:
    found: list[Json] = []
    query = {"limit": "100"}
    while True:
        page = square.payments(Call({}, query, {}))
        found += page["payments"]
        if "cursor" not in page:
            return found
        query["cursor"] = page["cursor"]


def _everything(shopify: WorldDocuments, type_name: str) -> dict[str, Json]:
    rows = shopify.stream(type_name, search=EVERYTHING, sort="id", reverse=False)
    return {row["id"]: row for row in rows}


def test_the_future_does_not_exist(folder: Path) -> None:
    world = World(folder, now=START)
    for table, column in (("orders", "placed_at"), ("events", "happened_at"),
                          ("order_lines", "added_at"), ("payments", "paid_at")):  # fmt: skip
        ((seen, newest, whole),) = world.rows(
            f"select count(*), max({column}), (select count(*) from truth.{table}) from {table}"
        )
        ((expected,),) = world.rows(f"select count(*) from truth.{table} where {column} <= ?",
                                    START)  # fmt: skip
        assert 0 < seen == expected < whole
        assert START - timedelta(hours=12) < newest <= START
    assert world.rows("select 1 from event_lines anti join events using (event_id)") == []
    assert world.rows("select 1 from gift_cards g left join orders o on o.order_id = used_order_id "
                      "where used_order_id > 0 and o.order_id is null") == []  # fmt: skip
    times = [order["updated_at"] for order in _square_orders(Square(world)).values()]
    assert times == sorted(times)
    assert datetime.fromisoformat(times[-1]) <= START
    for order in _everything(WorldDocuments(world), "Order").values():
        assert datetime.fromisoformat(order["updatedAt"]) <= START
        assert all(datetime.fromisoformat(one["happenedAt"]) <= START
                   for one in order["agreements"])  # fmt: skip
    world.close()


def test_steps_of_any_size_end_in_the_same_documents(folder: Path) -> None:
    """Also: whoever asks for what changed since the last look ends with all of it."""
    world, ended = World(folder, now=START), World(folder, now=START + timedelta(hours=360))
    square, shopify = Square(world), WorldDocuments(world)
    kept = _square_orders(square)
    last_look = START
    happened = []
    for hours in (1, 30, 5, 100, 24, 200):
        happened += world.advance(world.now + timedelta(hours=hours))
        changed = _square_orders(square, last_look)
        assert all(datetime.fromisoformat(order["updated_at"]) >= last_look
                   for order in changed.values())  # fmt: skip
        kept |= changed
        last_look = world.now
        _everything(shopify, "Customer")
    assert world.now == ended.now > world.ends_at
    assert kept == _square_orders(Square(ended)) == _square_orders(square)
    assert {order["version"] for order in kept.values()} == {1, 2}
    assert _payments(square) == _payments(Square(ended))
    for type_name in ("Order", "Customer", "Product", "ProductVariant", "InventoryItem",
                      "AbandonedCheckout", "DraftOrder"):  # fmt: skip
        assert _everything(shopify, type_name) == _everything(WorldDocuments(ended), type_name)
    ids = [one.event_id for one in happened]
    assert ids == [number for (number,) in ended.rows(
        "select event_id from events join orders using (order_id) "
        "where happened_at > ? and not is_test order by 1", START)]  # fmt: skip
    world.close()
    ended.close()


def test_a_refund_changes_an_order_that_was_known_before(folder: Path) -> None:
    world = World(folder, now=START)
    ((number, later_at),) = world.rows(
        "select e.order_id, happened_at from truth.events e join orders using (order_id) "
        "join places using (place_id) where kind = 'refund' and system = 'square' "
        "and happened_at > now_at() order by 2 limit 1"
    )
    square = Square(world)
    ((identity,),) = world.rows("select id from square_orders where order_id = ?", number)
    before = square.order(Call({"order_id": identity}, {}, {}))["order"]
    world.advance(later_at - timedelta(seconds=1))
    assert square.order(Call({"order_id": identity}, {}, {}))["order"] == before
    world.advance(later_at)
    after = square.order(Call({"order_id": identity}, {}, {}))["order"]
    assert (before["version"], after["version"]) == (1, 2)
    assert before["updated_at"] < after["updated_at"]
    with pytest.raises(ValueError, match="cannot go back"):
        world.advance(START)
    world.close()


def test_reports_grow_with_the_day(folder: Path) -> None:
    world = World(folder, now=START)
    square, shopify = Square(world, report_waits=0), WorldDocuments(world)
    request = ReportRequest("sales", ("net_sales",), ("day",), START.date(), START.date())
    time = {"dimension": "Sales.local_reporting_timestamp", "dateRange": ["2026-09-20"] * 2}
    query = {"query": {"measures": ["Sales.order_count"], "timeDimensions": [time]}}

    def counts() -> tuple[int, int]:
        (row,) = square.report_load(Call({}, {}, query))["data"]
        return int(row["Sales.order_count"]), sum(r["orders"] for r in shopify.report(request))

    morning = counts()
    world.advance(START + timedelta(hours=15))
    night = counts()
    assert 0 < morning[0] < night[0]
    assert morning[1] < night[1]
    world.close()


def test_who_reads_while_the_clock_moves_reads_something_true(folder: Path) -> None:
    world = World(folder, now=START)
    square, shopify = Square(world, report_waits=0), WorldDocuments(world)
    stop = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not stop.is_set():
            try:
                before = world.now
                orders = _square_orders(square, START - timedelta(days=1)).values()
                documents = _everything(shopify, "Order").values()
                _everything(shopify, "Customer")
                assert len(orders) > 20
                assert max(order["updated_at"] for order in orders) >= f"{START:%Y-%m-%d}"
                ((known,),) = world.rows("select count(*) from orders where placed_at <= ?", before)
                assert len(documents) + len(_square_orders(square)) >= known * 0.99
            except Exception as error:
                wrong.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(25):
        world.advance(world.now + timedelta(minutes=113))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    world.close()


class _Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    taken: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((dict(self.headers), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    taken: list[tuple[dict[str, str], bytes]] = []
    handler = type("Receiver", (_Receiver,), {"taken": taken})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks", taken
    server.shutdown()
    server.server_close()


def test_another_process_moves_the_clock_and_both_systems_tell_of_it(
    folder: Path, receiver: tuple[str, list[tuple[dict[str, str], bytes]]]
) -> None:
    url, taken = receiver
    world = World(folder, now=START)
    with running(world, {"square": 0, "shopify": 0}, url) as (_, addresses):
        clock = httpx.get(f"{addresses['shopify']}/sandbox/clock").json()
        assert datetime.fromisoformat(clock["now"]) == START
        moved = httpx.post(f"{addresses['square']}/sandbox/advance", json={"seconds": 14_400},
                           timeout=60).json()  # fmt: skip
        assert datetime.fromisoformat(moved["now"]) == START + timedelta(hours=4)
        assert moved["happened"]["sale"] > 3
        refused = httpx.post(f"{addresses['square']}/sandbox/advance", json={"seconds": -1})
        assert refused.status_code == 400
        token = {"X-Shopify-Access-Token": "sandbox"}
        newest = httpx.post(
            f"{addresses['shopify']}/admin/api/2026-10/graphql.json", headers=token, timeout=60,
            json={"query": "{ orders(first: 1, sortKey: UPDATED_AT, reverse: true) "
                           "{ nodes { legacyResourceId updatedAt } } }"},
        ).json()["data"]["orders"]["nodes"][0]  # fmt: skip
        assert START < datetime.fromisoformat(newest["updatedAt"]) <= world.now
    of_shopify, of_square = [], []
    for headers, body in taken:
        if "X-Shopify-Topic" in headers:
            assert headers["X-Shopify-Hmac-Sha256"] == signature(body, "hub-secret")
            of_shopify.append(json.loads(body)["id"])
        else:
            sent = {name.lower(): value for name, value in headers.items()}
            assert verify_signature(
                request_body=body.decode(), signature_key="hub-secret", notification_url=url,
                signature_header=sent["x-square-hmacsha256-signature"],
            )  # fmt: skip
            of_square.append(json.loads(body)["type"])
    assert int(newest["legacyResourceId"]) in of_shopify
    assert of_square.count("order.created") >= of_square.count("payment.created") > 3
    world.close()


def test_a_running_clock_tells_what_happens_until_it_is_stopped(folder: Path) -> None:
    world = World(folder, now=START)
    stop, told = threading.Event(), []
    live = LiveWorld(world, lambda happened: (told.extend(happened), stop.set()))
    live.run(speed=7_200, stop=stop)
    assert told
    assert START < told[0].happened_at <= world.now
    world.close()


def test_a_world_that_is_started_again_goes_on_where_it_stood(folder: Path, tmp_path: Path) -> None:
    clock_file = tmp_path / "clock"
    assert kept_clock(clock_file, START) == START
    world = World(folder, now=START)
    with running(world, {"square": 0}, clock_file=clock_file) as (live, _):
        live.advance(timedelta(hours=4))
    world.close()
    assert kept_clock(clock_file, START) == START + timedelta(hours=4)
    assert kept_clock(clock_file, START + timedelta(days=1)) == START + timedelta(days=1)
