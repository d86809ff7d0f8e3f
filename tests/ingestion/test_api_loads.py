"""Each API source against its served system: whole, going on, out of order, and misbehaving."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import ingestion.sources.quickbooks.client
import ingestion.transport
from ingestion.api import SourceReport, Stream
from ingestion.api.shapes import Json
from sandbox.faults import Fault
from sandbox.world import World, WorldSettings, generate
from tests.ingestion.served_shop import (
    SOURCES,
    ConnectedShop,
    Fingerprint,
    ServedSystem,
    reread,
    served,
)
from tests.keeping import KeptWarehouse, kept, open_business
from warehouse.database import Warehouse
from warehouse.errors import HubError

SETTINGS = WorldSettings(seed=11, years=0.2, orders_per_day=40)
QUIET = timedelta(days=6)
WRITTEN = (
    "(select * from quickbooks_versions where known_from <= now_at() and (known_until is null or "
    "known_until > now_at()) and not is_deleted)"
)
# (what, of the raw tables, of the ledger)
TRUTH: dict[str, tuple[tuple[str, str, str], ...]] = {
    "square": (
        ("orders", "select count(*) from raw_square.orders",
         "select (select count(*) from events join orders using (order_id) join places using "
         "(place_id) where system = 'square' and not is_test) + (select count(*) from copies "
         "where other_system = 'square')"),
        ("sold units", "select sum(quantity) from raw_square.orders__line_items where item_type "
         "<> 'GIFT_CARD'",
         "select (select count(*) from copies where other_system = 'square') + sum(quantity) "
         "from event_lines join events using (event_id) join orders on "
         "orders.order_id = events.order_id join places using (place_id) where system = 'square' "
         "and not is_test and line_type = 'product' and quantity > 0"),
        ("locations", "select count(*) from raw_square.locations",
         "select (select count(*) from places where system = 'square') + (select count(distinct "
         "place_id) from copies join orders using (order_id) where other_system = 'square')"),
    ),
    "shopify": (
        ("orders", "select count(*) from raw_shopify.orders where not test and _deleted_at is null",
         "select count(*) from orders join places using (place_id) where system = 'shopify' "
         "and not is_test"),
        ("events", "select count(*) from raw_shopify.orders__agreements where order_id in "
         "(select id from raw_shopify.orders where not test)",
         "select count(*) from events join orders using (order_id) join places using (place_id) "
         "where system = 'shopify' and not is_test"),
        ("net and tax", "select sum(total_amount) from raw_shopify.orders__agreements__sales "
         "where line_type = 'PRODUCT' and order_id in (select id from raw_shopify.orders "
         "where not test)",
         "select sum(gross_cents - discount_cents - reversal_cents + tax_cents) / 100 from "
         "event_lines join events using (event_id) join orders on orders.order_id = "
         "events.order_id join places using (place_id) where system = 'shopify' and "
         "line_type = 'product' and not is_test"),
        ("received", "select sum(total_received) from raw_shopify.orders where not test",
         "select sum(amount_cents) / 100 from payments join orders using (order_id) join places "
         "using (place_id) where system = 'shopify' and amount_cents > 0 and not is_test"),
    ),
    "quickbooks": (
        ("sales receipts", "select count(*) from raw_quickbooks.sales_receipts where "
         "_deleted_at is null",
         f"select count(*) from {WRITTEN} where kind = 'SalesReceipt'"),
        ("journal entries", "select sum(total_amt) from raw_quickbooks.journal_entries where "
         "_deleted_at is null",
         f"select sum(total_cents) / 100 from {WRITTEN} where kind = 'JournalEntry' and "
         "not is_void"),
        ("copies of orders", "select count(*) from raw_quickbooks.sales_receipts where "
         "_deleted_at is null and private_note_reference like '#%%'",
         f"select count(*) from {WRITTEN} join quickbooks_copies using (document_id) where kind = "
         "'SalesReceipt' and how = 'private_note' and not is_void"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=SOURCES)
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedSystem]:
    """A system whose present is some days before the end of its world."""
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    world = World(folder, now=ends_at - QUIET)
    with served(request.param, world) as system:
        yield system
    world.close()


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of this computer's own server need not be kept."""
    monkeypatch.setattr(ingestion.sources.quickbooks.client, "LEAST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(ingestion.sources.quickbooks.client, "REST_SECONDS", 0.5)


@pytest.fixture
def shop(system: ServedSystem, warehouse_factory: Callable[..., Warehouse]) -> ConnectedShop:
    system.faults.clear()
    return system.connect(warehouse_factory())


def assert_true(shop: ConnectedShop) -> None:
    """Counts and sums are those of the ledger by now."""
    for what, ours, truth in TRUTH[shop.system.source]:
        ((expected,),) = shop.system.world.rows(truth)
        found = shop.one(ours)
        assert Decimal(str(found)) == Decimal(str(round(expected, 2))), what


@dataclass
class Loaded:
    """A business after an undisturbed load of the system's present: a copy of it, what the load
    said, and what it left."""

    system: ServedSystem
    business: KeptWarehouse
    report: SourceReport
    fingerprint: Fingerprint

    def again(self) -> ConnectedShop:
        """The business as that load left it, connected anew."""
        self.system.faults.clear()
        return self.system.connect(self.business.as_it_was())


@pytest.fixture(scope="module")
def loaded(system: ServedSystem, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("loaded") / "shop"
    shop = system.connect(open_business(folder, f"shop_{uuid.uuid4().hex[:10]}"))
    report = shop.load()
    with kept(shop.warehouse) as business:
        yield Loaded(system, business, report, shop.fingerprint())


def test_a_first_load_has_everything_and_a_second_changes_nothing(loaded: Loaded) -> None:
    shop = loaded.again()
    assert_true(shop)
    assert loaded.report.unknown_fields == {}
    assert loaded.report.left_out == []
    again = shop.load()
    assert shop.fingerprint() == loaded.fingerprint
    # Reports are read again for some weeks, since they change without saying so.
    repeated = {"sales_report", "payouts", "timecards", "balance_transactions"}
    assert sum(table.rows_read for table in again.tables if table.name not in repeated) == 0


PASSING = (
    Fault("status", nth=(3,), status=429, answer="{}", retry_after="1"),
    Fault("status", nth=(5,), status=429, answer="{}"),
    Fault("status", nth=(7,), status=500),
    Fault("status", nth=(9,), status=502, answer="<html>bad gateway</html>"),
    Fault("hang", nth=(11,), seconds=5),
    Fault("reset", nth=(13,)),
    Fault("truncate", nth=(15,)),
    Fault("drip", nth=(17,), seconds=0.2),
    Fault("status", nth=(19,), status=401, answer="{}"),
)
DATA_PATH = {"square": r"/v2/", "shopify": r"graphql|bulk/", "quickbooks": r"/v3/"}


def test_faults_that_pass_by_themselves_leave_no_trace(
    system: ServedSystem,
    loaded: Loaded,
    shop: ConnectedShop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        ingestion.transport, "TIMEOUT", ingestion.transport.httpx.Timeout(2.0, connect=2.0)
    )
    path = DATA_PATH[system.source]
    system.faults.add(*(replace(fault, path=path) for fault in PASSING))
    report = shop.load()
    struck = [kind for kind, _ in system.faults.struck]
    assert sorted(struck) == sorted(fault.kind for fault in PASSING)
    assert len(report.retries) >= 7
    assert shop.fingerprint() == loaded.fingerprint
    assert_true(shop)


ACCOUNT = "BatchItemResponse.*.QueryResponse.Account.0"
BROKEN = {
    "square": (
        ("remove_field", "/v2/orders/search", "", "orders.0.total_money"),
        ("change_field", "/v2/payments", "", "payments.0.amount_money"),
    ),
    "shopify": (
        ("remove_field", "graphql", "", "data.locations"),
        ("change_field", "graphql", "locations", "data.locations.nodes.0.name"),
    ),
    "quickbooks": (
        ("remove_field", "/batch", "", f"{ACCOUNT}.AccountType"),
        ("change_field", "/batch", "", f"{ACCOUNT}.Name"),
    ),
}


def test_an_answer_against_the_contract_stops_the_load_and_the_next_repairs_it(
    system: ServedSystem, loaded: Loaded, shop: ConnectedShop
) -> None:
    title = {"square": "Square", "shopify": "Shopify", "quickbooks": "QuickBooks"}[system.source]
    for kind, path, body, target in BROKEN[system.source]:
        system.faults.clear()
        system.faults.add(Fault(kind, path=path, body=body, target=target, value={"odd": 1}))  # type: ignore[arg-type]
        with pytest.raises(HubError) as failed:
            shop.load()
        assert system.faults.struck
        assert title in failed.value.message
        assert re.search(r"/v2/|GET|POST|locations|query of Account", failed.value.message)
        assert failed.value.fix
    system.faults.clear()
    shop.load()
    assert shop.fingerprint() == loaded.fingerprint


NEW_FIELDS = {
    "square": ("/v2/payments", "payments.0.loyalty_level", "payments.loyalty_level"),
    "shopify": ("graphql", "data.locations.nodes.0.mood", "locations.mood"),
    "quickbooks": ("/batch", f"{ACCOUNT}.Mood", "accounts.Mood"),
}


def test_a_field_nobody_knows_is_kept_sealed_and_reported(
    system: ServedSystem, shop: ConnectedShop
) -> None:
    path, target, known_as = NEW_FIELDS[system.source]
    system.faults.add(Fault("add_field", path=path, target=target, value="Ada Lovelace"))
    table = known_as.split(".")[0]
    report = shop.load(only=table)
    system.faults.clear()
    assert report.unknown_fields.keys() == {known_as}
    assert known_as in report.to_text()
    kept = shop.one(
        f"select max(_unknown_fields) from raw_{system.source}.{table} "
        "where _unknown_fields is not null"
    )
    assert '"note_' in kept
    assert "Ada" not in kept


def test_a_list_that_breaks_off_deletes_nothing(shop: ConnectedShop) -> None:
    whole = next(stream.name for stream in shop.streams() if stream.changed_at is None)
    shop.load(only=whole)

    def cut(stream: Stream) -> Stream:
        rows = [{**page, stream.table.key: f"more {number}"}
                for number, page in enumerate(next(iter(stream.read("", None))) * 30)]  # fmt: skip
        return replace(stream, read=lambda _part, _since: iter([rows]))

    many = shop.load(cut, only=whole)
    assert next(table for table in many.tables if table.name == whole).rows_new >= 30
    with pytest.raises(HubError, match="cut off"):
        shop.load(only=whole)
    report = shop.load(only=whole, accepts_shrinking=True)
    assert next(table for table in report.tables if table.name == whole).rows_deleted >= 30


def shuffled(dice: random.Random) -> Callable[[Stream], Stream]:
    """Streams that give much again, every page in any order and some rows twice."""

    def change(stream: Stream) -> Stream:
        if stream.changed_at is None:
            return stream

        def read(part: str, since: Any) -> Iterator[list[Json]]:
            pages = list(stream.read(part, since))
            dice.shuffle(pages)
            for page in pages:
                rows = page + dice.choices(page, k=len(page) // 4)
                dice.shuffle(rows)
                yield rows

        days = dice.uniform(1, 40)
        return reread(replace(stream, read=read, is_sorted=False), days)

    return change


def test_what_goes_on_is_loaded_and_replays_change_nothing(
    system: ServedSystem, loaded: Loaded, warehouse_factory: Callable[..., Warehouse]
) -> None:
    """The last test of a system: its present goes on."""
    shop, world = loaded.again(), system.world
    for _ in range(2):
        world.advance(min(world.now + QUIET / 2, world.ends_at))
        shop.load()
    assert world.now == world.ends_at
    assert_true(shop)
    whole = system.connect(warehouse_factory())
    whole.load()
    expected = whole.fingerprint()
    assert shop.fingerprint() == expected
    dice = random.Random(7)
    for _ in range(2):
        shop.load(shuffled(dice))
        assert shop.fingerprint() == expected
