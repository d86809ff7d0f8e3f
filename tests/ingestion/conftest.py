"""Fixtures of the spreadsheets tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from inbox_shop import Shop

from warehouse.database import Warehouse
from warehouse.vault import open_vault


@pytest.fixture
def shop(warehouse_factory: Callable[..., Warehouse]) -> Shop:
    warehouse = warehouse_factory()
    return Shop(warehouse, open_vault(warehouse))
