"""The settings of a business as tables: what changed is noted, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from warehouse.business import Business, load_business
from warehouse.changes import TableName, table_changes
from warehouse.database import Warehouse, open_warehouse
from warehouse.settings_tables import store_settings

Factory = Callable[..., Warehouse]
CLOSED = '\n[[closures]]\nfirst_date = 2026-12-24\nlast_date = 2026-12-26\nreason = "holidays"\n'
PAINTED = '\n[[closures]]\nfirst_date = 2026-10-05\nreason = "painting"\nlocation = "Pier"\n'
PIER = '\n[[locations]]\nname = "Pier"\ntime_zone = "Europe/Lisbon"\n'
HILL = '\n[[locations]]\nname = "Hill"\n'


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hour ends in the midst of a test."""
    moment = datetime(2026, 3, 31, 12, tzinfo=UTC)
    monkeypatch.setattr(Business, "now", lambda self: moment.astimezone(self.zone))


@pytest.fixture
def shop(warehouse_factory: Factory) -> Warehouse:
    """A shop whose settings have been stored once."""
    made = warehouse_factory()
    first = [("settings", table) for table in ("business", "clock", "hour")]
    assert store_settings(made) == first
    return made


def _changes(warehouse: Warehouse) -> dict[TableName, int]:
    with warehouse.connect("loader") as connection:
        return table_changes(connection)


def _rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect("transformer") as connection:
        return connection.execute(query).fetchall()


def _edited(warehouse: Warehouse, before: str, after: str) -> Warehouse:
    """The shop after a line of its business.toml was changed."""
    file: Path = warehouse.business.folder / "business.toml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    return open_warehouse(load_business(warehouse.business.folder))


def _added(warehouse: Warehouse, text: str) -> Warehouse:
    file: Path = warehouse.business.folder / "business.toml"
    file.write_text(file.read_text() + text)
    return open_warehouse(load_business(warehouse.business.folder))


def test_the_models_read_what_business_toml_says(shop: Warehouse) -> None:
    store_settings(_added(shop, PIER + HILL + CLOSED + PAINTED))
    assert _rows(shop, "select * from settings.business") == [
        (True, "Corner Shop", "America/New_York", "USD", "US", "Pier", "Shop", "monday", "auto")
    ]
    assert _rows(shop, "select * from settings.locations order by name") == [
        ("Hill", None, None, None),
        ("Pier", "Europe/Lisbon", None, None),
    ]
    assert _rows(shop, "select * from settings.closures") == [
        (date(2026, 12, 24), date(2026, 12, 26))
    ], "one location's closure is not the business's"
    assert _rows(shop, "select today, as_of_date from settings.clock") == [
        (shop.business.today(), None)
    ]


def test_equal_settings_are_no_change(shop: Warehouse) -> None:
    before = _changes(shop)
    assert store_settings(shop) == []
    assert _changes(shop) == before


def test_a_corrected_setting_changes_its_table_alone(shop: Warehouse) -> None:
    before = _changes(shop)
    corrected = _edited(shop, 'currency_code = "USD"', 'currency_code = "CAD"')
    assert store_settings(corrected) == [("settings", "business")]
    after = _changes(shop)
    assert after.pop(("settings", "business")) > before.pop(("settings", "business"))
    assert after == before
    assert _rows(shop, "select currency_code from settings.business") == [("CAD",)]

    closed = _added(corrected, CLOSED)
    assert store_settings(closed) == [("settings", "closures")]
    assert store_settings(_edited(closed, CLOSED, PAINTED)) == [("settings", "closures")]
    assert _rows(shop, "select * from settings.closures") == []


def test_a_new_day_changes_the_clock_alone(shop: Warehouse) -> None:
    with psycopg.connect(shop.server.admin_url(shop.database)) as connection:
        connection.execute("update settings.clock set today = today - 1")
    before = _changes(shop)
    assert store_settings(shop) == [("settings", "clock")]
    after = _changes(shop)
    assert after.pop(("settings", "clock")) > max(before.values())
    assert after == {name: number for name, number in before.items() if name[1] != "clock"}
    assert _rows(shop, "select today from settings.clock") == [(shop.business.today(),)]


def test_a_new_hour_changes_the_hour_alone(
    shop: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = shop.business.now() + timedelta(hours=1)
    monkeypatch.setattr(Business, "now", lambda _: later)
    assert store_settings(shop) == [("settings", "hour")]
    assert _rows(shop, "select hour from settings.hour") == [(9,)]


def test_a_day_that_was_asked_for_holds_until_none_is(shop: Warehouse) -> None:
    assert store_settings(shop, date(2026, 3, 31)) == [("settings", "clock")]
    assert store_settings(shop, date(2026, 3, 31)) == []
    assert _rows(shop, "select as_of_date from settings.clock") == [(date(2026, 3, 31),)]
    assert store_settings(shop) == [("settings", "clock")]
    assert _rows(shop, "select as_of_date from settings.clock") == [(None,)]
