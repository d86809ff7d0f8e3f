"""Customers of two systems against the people who really bought, and what a merge does to marts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pandas as pd
import pytest

from sandbox.world import World, WorldSettings, generate
from tests.dbt.building import LEDGER, build, build_ledger, load
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
    done = build(warehouse, select=LEDGER, full_refresh=True, data_tests=False)
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
    assert build(warehouse, select=LEDGER, full_refresh=True, data_tests=False).returncode == 0
    for table, rows in snapshot(warehouse).items():
        assert incremental[table] == rows, f"{table} differs from its full refresh"


SALES = """\
order_id,line_id,sold_at,product_id,quantity,unit_price_amount,customer_id,customer_email,customer_phone
A1,1,2026-01-05 10:00:00,tea,2,5.00,c1,ada@example.org,+12125550100
A2,1,2026-02-10 10:00:00,tea,3,5.00,c2, ADA@example.org,
A2,2,2026-02-20 10:00:00,tea,-1,5.00,c2,ADA@example.org,
A3,1,2026-03-01 10:00:00,tea,1,4.00,c3,ada@Example.org,
B1,1,2026-03-11 10:00:00,tea,1,9.00,c4,bob@example.org,+12125550100
G1,1,2026-03-11 11:00:00,tea,1,9.00,,,
"""
NAMES = """\
customer_id,customer_name,customer_phone
c1,Ada Byron,+12125550100
c4,Bob Smith,+12125550100
"""


def test_a_person_s_recency_frequency_and_spend_are_those_of_all_their_records(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    """Merged when the records are few and small, taken apart again by the owner."""
    warehouse = warehouse_factory(rfm_mode="fixed")
    inbox = warehouse.business.inbox
    for kind, text in (("sales", SALES), ("customers", NAMES)):
        (inbox / kind).mkdir(exist_ok=True)
        (inbox / kind / "export.csv").write_text(text, encoding="utf-8")
    load(warehouse)
    scores = """
        select source_customer_ids, recency_days, frequency::int, monetary_amount::float, r_score,
            f_score, rfm.load_number is not null
        from fct_customer_rfm as rfm join dim_customers using (customer_key) order by 1"""
    build_ledger(warehouse)
    assert _rows(warehouse, scores) == [
        ("c1, c2, c3", 10, 3, 24.0, 5, 3, True),
        ("c4", 0, 1, 9.0, 5, 1, True),
    ]
    # One phone under two names joins nobody, and a person shall look at it.
    assert _rows(
        warehouse,
        "select left_customer_record_id, right_customer_record_id, reason, load_number is not null "
        "from rpt_identity_reviews",
    ) == [("spreadsheets|c1", "spreadsheets|c4", "one phone under two names", True)]

    seeds = warehouse.business.folder / "seeds"
    seeds.mkdir()
    apart = [("c1", "c3"), ("c2", "c3")]
    (seeds / "customers_do_not_merge.csv").write_text(
        "left_customer_record_id,right_customer_record_id\n"
        + "".join(f"spreadsheets|{one},spreadsheets|{other}\n" for one, other in apart),
        encoding="utf-8",
    )
    build_ledger(warehouse)
    assert _rows(warehouse, scores) == [
        ("c1, c2", 29, 2, 20.0, 5, 2, True),
        ("c3", 10, 1, 4.0, 5, 1, True),
        ("c4", 0, 1, 9.0, 5, 1, True),
    ]


def _rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect("analyst") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]
