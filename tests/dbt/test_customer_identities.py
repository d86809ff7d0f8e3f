"""Customers of two systems against the people who really bought, and what a merge does to marts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pandas as pd
import pytest

from sandbox.world import World, WorldSettings, generate
from tests.dbt.conftest import LEDGER, build, build_ledger
from tests.ingestion.served_shop import ServedSystem, served
from warehouse.database import Warehouse
from warehouse.vault import open_vault

SETTINGS = WorldSettings(seed=8, years=0.5, orders_per_day=40)
QUIET = timedelta(days=40)
Snapshot = Callable[[Warehouse], dict[str, list[str]]]


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ServedSystem]]:
    """Both shop systems of one world, whose present is some weeks before its end."""
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    world = World(folder, now=ends_at - QUIET)
    with ExitStack() as stack:
        yield [stack.enter_context(served(name, world)) for name in ("square", "shopify")]
    world.close()


def _records(warehouse: Warehouse) -> pd.DataFrame:
    """Record, e-mail in clear and person of everybody whom the warehouse knows."""
    with warehouse.connect("transformer") as connection:
        rows = connection.execute(
            "select customer_record_id, customer_email_token, person_record_id "
            "from intermediate.int_customer_records "
            "join staging.stg_ml__customer_identities using (customer_record_id)"
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


def test_people_are_known_across_systems_and_incremental_builds_follow_merges(
    systems: list[ServedSystem], warehouse_factory: Callable[..., Warehouse], snapshot: Snapshot
) -> None:
    world = systems[0].world
    shops = [systems[0].connect(warehouse_factory())]
    shops.append(systems[1].connect(shops[0].warehouse))
    warehouse = shops[1].warehouse
    for shop in shops:
        shop.load()
    build_ledger(warehouse)
    _assert_people_are_told_apart_and_together(warehouse, world)

    world.advance(world.ends_at)
    for shop in shops:
        shop.load()
    build_ledger(warehouse)
    _assert_people_are_told_apart_and_together(warehouse, world)
    incremental = snapshot(warehouse)
    done = build(warehouse, select=LEDGER, full_refresh=True)
    assert done.returncode == 0, done.stdout[-4000:]
    for table, rows in snapshot(warehouse).items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"

    # The owner takes two records of one person apart again.
    with warehouse.connect("transformer") as connection:
        row = connection.execute(
            "select customer_record_id, person_record_id from staging.stg_ml__customer_identities "
            "where customer_record_id <> person_record_id order by 1 limit 1"
        ).fetchone()
    assert row
    seeds = warehouse.business.folder / "seeds"
    seeds.mkdir()
    (seeds / "customers_do_not_merge.csv").write_text(
        f"left_customer_record_id,right_customer_record_id\n{row[0]},{row[1]}\n", encoding="utf-8"
    )
    build_ledger(warehouse)
    found = _records(warehouse).set_index("record_id")
    assert found.loc[row[0], "person"] != found.loc[row[1], "person"]
    incremental = snapshot(warehouse)
    assert build(warehouse, select=LEDGER, full_refresh=True).returncode == 0
    for table, rows in snapshot(warehouse).items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"
