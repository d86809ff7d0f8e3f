"""Settings of a business reach the models as rows; the code of the models is the same for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from tests.dbt.building import build
from warehouse.business import load_business
from warehouse.database import Warehouse

Factory = Callable[..., Warehouse]
MARTS = "dim_locations dim_dates"
LOCATIONS = "select location_name, time_zone, country_code, currency_code from dim_locations"
DAY = "select week_start_date, is_closed from dim_dates where date_day = cast('2026-12-25' as date)"
CORRECTED = """
week_start = "sunday"
[[locations]]
name = "Grandma's"
time_zone = "Europe/Lisbon"
[[closures]]
first_date = 2026-12-24
last_date = 2026-12-26
"""


def _rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect("analyst") as connection:
        return connection.execute(query).fetchall()


def _built(warehouse: Warehouse, select: str) -> None:
    done = build(warehouse, select=select, data_tests=False)
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_corrected_setting_reaches_the_models(warehouse_factory: Factory) -> None:
    shop = warehouse_factory()
    _built(shop, " ".join(f"+{mart}" for mart in MARTS.split()))
    assert _rows(shop, LOCATIONS) == [("Corner Shop", "America/New_York", "US", "USD")]
    assert _rows(shop, DAY) == [(date(2026, 12, 21), False)]

    file = shop.business.folder / "business.toml"
    file.write_text(file.read_text().replace('"USD"', '"CAD"') + CORRECTED)
    corrected = replace(shop, business=load_business(shop.business.folder))
    _built(corrected, MARTS)
    assert _rows(shop, LOCATIONS) == [("Grandma's", "Europe/Lisbon", "US", "CAD")]
    assert _rows(shop, DAY) == [(date(2026, 12, 20), True)]
