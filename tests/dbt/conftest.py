"""What the tests of the models share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dbt.building import mart_rows, with_models
from warehouse.database import Warehouse


@pytest.fixture
def warehouse_factory(warehouse_factory: Callable[..., Warehouse]) -> Callable[..., Warehouse]:
    """As everywhere, with the models in it."""

    def make(**settings: str) -> Warehouse:
        return with_models(warehouse_factory(**settings).business)

    return make


@pytest.fixture
def snapshot() -> Callable[[Warehouse], dict[str, list[str]]]:
    """What two builds are compared by."""
    return mart_rows
