"""Shopify, Square and the books of one world in the marts, against the truth behind all three."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pandas as pd
import pytest

from sandbox.world import World, WorldSettings, generate
from tests.dbt.building import LEDGER, build, build_ledger
from tests.dbt.sale_checks import CHECKS
from tests.ingestion.served_shop import SOURCES, ConnectedShop, ServedSystem, served
from warehouse.database import Warehouse
from warehouse.vault import open_vault

# Enough months for more than two hundred pairs of records that are one person.
SETTINGS = WorldSettings(seed=12, years=0.35, orders_per_day=45)
QUIET = timedelta(days=10)
Snapshot = Callable[[Warehouse], dict[str, list[str]]]


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ServedSystem]]:
    """All three systems of one world, whose present is some days before its end."""
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    world = World(folder, now=ends_at - QUIET)
    with ExitStack() as stack:
        yield [stack.enter_context(served(name, world)) for name in SOURCES]
    world.close()


def _run(shops: list[ConnectedShop]) -> Warehouse:
    """Load everything and build the ledger from it."""
    warehouse = shops[-1].warehouse
    for shop in shops:
        shop.load()
    build_ledger(warehouse)
    return warehouse


def _records(warehouse: Warehouse) -> pd.DataFrame:
    """Record, e-mail in clear and person of everybody whom shop and till know."""
    with warehouse.connect("transformer") as connection:
        rows = connection.execute(
            "select customer_record_id, customer_email_token, person_record_id "
            "from intermediate.int_customer_records "
            "join staging.stg_ml__customer_identities using (customer_record_id) "
            "where source_system in ('shopify', 'square')"
        ).fetchall()
    found = pd.DataFrame(rows, columns=["record_id", "token", "person"])
    clear = open_vault(warehouse).reveal(sorted(set(found["token"].dropna())), "test")
    return found.assign(email=found["token"].map(clear.get))


def _pairs(frame: pd.DataFrame, *columns: str) -> int:
    sizes = frame.groupby(list(columns)).size()
    return int((sizes * (sizes - 1) // 2).sum())


def _assert_people_are_told_apart_and_together(warehouse: Warehouse, world: World) -> None:
    truth = dict(world.rows("select email, person_id from contacts"))
    found = _records(warehouse)
    found["truth"] = found["email"].map(truth)
    assert found["truth"].notna().all()
    joined, same = _pairs(found, "person"), _pairs(found, "truth")
    right = _pairs(found, "person", "truth")
    assert same > 200
    assert right / joined >= 0.995
    assert right / same >= 0.95
    ((phones,),) = world.rows(
        "select count(*) from (select phone from contacts group by phone "
        "having count(distinct person_id) > 1)"
    )
    assert phones > 0, "families that share a phone are in the world"


def _assert_equals_a_full_refresh(warehouse: Warehouse, snapshot: Snapshot) -> None:
    incremental = snapshot(warehouse)
    done = build(warehouse, select=LEDGER, full_refresh=True, data_tests=False)
    assert done.returncode == 0, done.stdout[-4000:]
    for table, rows in snapshot(warehouse).items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"


def _take_apart_two_records(warehouse: Warehouse) -> tuple[str, str]:
    """What an owner does who knows that two records are two people."""
    found = _records(warehouse).sort_values("record_id")
    merged = found[
        (found["record_id"] != found["person"]) & found["person"].isin(found["record_id"])
    ]
    one, other = merged[["record_id", "person"]].iloc[0]
    seeds = warehouse.business.folder / "seeds"
    seeds.mkdir()
    (seeds / "customers_do_not_merge.csv").write_text(
        f"left_customer_record_id,right_customer_record_id\n{one},{other}\n", encoding="utf-8"
    )
    return one, other


def test_sales_and_people_of_several_systems_count_once_also_when_they_are_told_of_later(
    systems: list[ServedSystem], warehouse_factory: Callable[..., Warehouse], snapshot: Snapshot
) -> None:
    world = systems[0].world
    shops: list[ConnectedShop] = []
    warehouse = warehouse_factory()
    for system in systems:
        shops.append(system.connect(warehouse))
        warehouse = shops[-1].warehouse
    # The books come first and alone: everything in them looks like a sale of their own.
    _run([shop for shop in shops if shop.system.source == "quickbooks"])
    for moment in (world.now, world.ends_at):
        world.advance(moment)
        _run(shops)
        for check in CHECKS:
            check(warehouse, world)
        _assert_people_are_told_apart_and_together(warehouse, world)

    one, other = _take_apart_two_records(warehouse)
    build_ledger(warehouse)
    found = _records(warehouse).set_index("record_id")
    assert found.loc[one, "person"] != found.loc[other, "person"]
    _assert_equals_a_full_refresh(warehouse, snapshot)
