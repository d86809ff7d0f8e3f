"""The sales of Shopify and Square in the marts, against the systems' own reports and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest

from sandbox.world import World, WorldSettings, generate
from tests.dbt.building import LEDGER, build
from tests.ingestion.served_shop import ServedSystem, served
from warehouse.database import Warehouse

SETTINGS = WorldSettings(seed=5, years=0.15, orders_per_day=30)
QUIET = timedelta(days=6)
Snapshot = Callable[[Warehouse], dict[str, list[str]]]


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ServedSystem]]:
    """Both shop systems of one world, whose present is some days before its end."""
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    world = World(folder, now=ends_at - QUIET)
    with ExitStack() as stack:
        yield [stack.enter_context(served(name, world)) for name in ("square", "shopify")]
    world.close()


def _rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect("analyst") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def _built(warehouse: Warehouse, **options: bool) -> None:
    done = build(warehouse, select=LEDGER, **options)  # type: ignore[arg-type]
    assert done.returncode == 0, done.stdout[-4000:]


def _assert_reconciled(warehouse: Warehouse) -> None:
    """Each day agrees to the cent; only repeated sales are left out, and those by name."""
    assert (
        _rows(
            warehouse,
            """
        select distinct source_system, explanation from rpt_reconciliation
        where explanation not in ('equal', 'excluded: duplicate_of_shopify')""",
        )
        == []
    )
    assert _rows(
        warehouse,
        """
        select distinct source_system from rpt_reconciliation
        where source_amount <> 0 and measure = 'net_amount' order by 1""",
    ) == [("shopify",), ("square",)]
    repeated = _rows(
        warehouse,
        """
        select coalesce(-sum(difference_amount), 0) from rpt_reconciliation
        where measure = 'net_amount'
        union all
        select coalesce(sum(net_amount), 0) from fct_sale_lines
        where exclusion_reason = 'duplicate_of_shopify'""",
    )
    assert repeated[0] == repeated[1]


def _assert_adds_up_to(warehouse: Warehouse, world: World) -> None:
    """The counted lines are the events of the ledger, to the cent; each return has its sale."""
    ((gross, discount, reversal, tax),) = world.rows(
        """
        select sum(gross_cents), sum(discount_cents), sum(reversal_cents), sum(tax_cents)
        from event_lines join events using (event_id)
        join orders on orders.order_id = events.order_id join places using (place_id)
        where not is_test and system in ('shopify', 'square')"""
    )
    assert _rows(
        warehouse,
        """
        select sum(gross_amount) * 100, sum(discount_amount) * 100, sum(reversal_amount) * 100,
            sum(tax_amount) * 100
        from fct_sale_lines where is_counted""",
    ) == [(gross, discount, reversal, tax)]
    assert _rows(
        warehouse,
        "select count(*) from fct_orders where net_amount < 0 and gross_amount = 0 and is_counted",
    ) == [(0,)]


def test_the_marts_agree_with_both_systems_and_incremental_builds_equal_a_full_refresh(
    systems: list[ServedSystem],
    warehouse_factory: Callable[..., Warehouse],
    snapshot: Snapshot,
) -> None:
    world = systems[0].world
    shops = [systems[0].connect(warehouse_factory())]
    shops.append(systems[1].connect(shops[0].warehouse))
    warehouse = shops[1].warehouse
    for shop in shops:
        shop.load()
    _built(warehouse, only_due=True)
    _assert_reconciled(warehouse)
    _assert_adds_up_to(warehouse, world)

    world.advance(world.ends_at)
    for shop in shops:
        shop.load()
    _built(warehouse, only_due=True)
    _assert_reconciled(warehouse)
    _assert_adds_up_to(warehouse, world)
    incremental = snapshot(warehouse)
    _built(warehouse, full_refresh=True, data_tests=False)
    full = snapshot(warehouse)
    for table, rows in full.items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"
