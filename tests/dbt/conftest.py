"""What the tests of the models share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dbt.building import with_models
from warehouse.database import Warehouse


@pytest.fixture
def warehouse_factory(warehouse_factory: Callable[..., Warehouse]) -> Callable[..., Warehouse]:
    """As everywhere, with the models in it."""

    def make(**settings: str) -> Warehouse:
        return with_models(warehouse_factory(**settings).business)

    return make


@pytest.fixture
def snapshot() -> Callable[[Warehouse], dict[str, list[str]]]:
    """Every row of every mart table as text, sorted; what two builds are compared by.

    When a table was put together is no part of that.
    """

    def take(warehouse: Warehouse) -> dict[str, list[str]]:
        with warehouse.connect("analyst") as connection:
            tables = [
                row[0]
                for row in connection.execute(
                    "select table_name from information_schema.tables where table_schema = 'marts' "
                    "and table_type = 'BASE TABLE' and table_name <> 'dim_dates'"
                )
            ]
            return {
                table: sorted(
                    row[0]
                    for row in connection.execute(
                        f"select (to_jsonb(t) - 'looked_at')::text from marts.{table} as t"
                    )
                )
                for table in tables
            }

    return take
