"""The spreadsheets of a generated owner: what they hold, and that the inbox takes them whole."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from ingestion.sources.spreadsheets import load_inbox
from sandbox.spreadsheets import SHEETS, write_inbox
from sandbox.world import World, WorldSettings, generate
from warehouse.database import Warehouse
from warehouse.vault import open_vault

SETTINGS = WorldSettings(seed=7, years=0.2, orders_per_day=30)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose present is a week before its end."""
    folder = tmp_path_factory.mktemp("world")
    generate(SETTINGS, folder).close()
    world = World(folder)
    ends_at = world.ends_at
    world.close()
    return World(folder, now=ends_at - timedelta(days=7))


def _sheet(inbox: Path, kind: str) -> list[dict[str, str]]:
    with (inbox / kind / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _total(rows: list[dict[str, str]], column: str) -> float:
    return round(sum(float(row[column] or 0) for row in rows), 2)


def test_the_sheets_hold_what_has_happened_by_the_present(world: World, tmp_path: Path) -> None:
    assert [file.parent.name for file in write_inbox(world, tmp_path)] == list(SHEETS)
    ((spent,),) = world.rows("select sum(spend_cents) / 100 from ad_spend")
    assert _total(_sheet(tmp_path, "ad_spend"), "spend_amount") == spent
    ((visits, buyers),) = world.rows(
        "select count(*), count_if(order_id > 0) from web_sessions "
        "where started_at < midnight(business_day())"
    )
    sessions = _sheet(tmp_path, "sessions")
    assert _total(sessions, "sessions_count") == visits
    assert _total(sessions, "orders_count") == buyers
    ((paid, under_way),) = world.rows(
        "select sum(quantity * unit_cost_cents) / 100, count_if(received_at is null) "
        "from purchase_lines join purchases using (purchase_id)"
    )
    purchases = _sheet(tmp_path, "purchases")
    costs = sum(float(row["quantity"]) * float(row["unit_cost_amount"]) for row in purchases)
    # Costs of a gram have six decimals.
    assert costs == pytest.approx(paid, rel=1e-4)
    assert under_way == sum(not row["received_date"] for row in purchases) > 0


def test_a_price_test_s_arms_add_up_over_the_variants_of_its_product(
    world: World, tmp_path: Path
) -> None:
    write_inbox(world, tmp_path)
    rows = _sheet(tmp_path, "price_tests")
    truth = world.rows(
        "select test_arm, count_if(order_id > 0) from web_sessions "
        "where test_id > 0 and started_at < midnight(business_day()) group by all order by all"
    )
    assert [
        (arm, _total([row for row in rows if row["variant_name"] == arm], "orders_count"))
        for arm in ("A", "B")
    ] == truth
    prices = {(row["variant_name"], row["product_id"], row["unit_price_amount"]) for row in rows}
    assert {arm for arm, _, _ in prices} == {"A", "B"}


def test_the_inbox_takes_every_row(
    world: World, warehouse_factory: Callable[..., Warehouse]
) -> None:
    warehouse = warehouse_factory()
    files = write_inbox(world, warehouse.business.inbox)
    report = load_inbox(warehouse.business, warehouse, open_vault(warehouse))
    assert not report.has_failures, report.to_text()
    loaded = {file.kind: (file.rows_new, file.rows_quarantined) for file in report.files}
    assert loaded == {
        file.parent.name: (len(_sheet(warehouse.business.inbox, file.parent.name)), 0)
        for file in files
    }
