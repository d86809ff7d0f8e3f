"""Fixtures every room's tests share: a real PostgreSQL server and throw-away businesses."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.server import EmbeddedServer

WarehouseFactory = Callable[..., Warehouse]


@pytest.fixture(scope="session", autouse=True)
def hub_home() -> Iterator[Path]:
    """State of the whole test session: an own server that ends with it."""
    home = Path(tempfile.mkdtemp(prefix="hub-tests-"))
    home.chmod(0o755)
    before = {name: os.environ.get(name) for name in ("HUB_HOME", "HUB_CONFIG_HOME")}
    os.environ["HUB_HOME"] = str(home)
    os.environ["HUB_CONFIG_HOME"] = str(home / "config")
    try:
        yield home
    finally:
        EmbeddedServer(home).stop()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def warehouse_factory(tmp_path: Path) -> WarehouseFactory:
    """Make a business with its own folder and database; settings override the defaults."""

    def make(**settings: str) -> Warehouse:
        unique = f"shop_{uuid.uuid4().hex[:10]}"
        folder = tmp_path / unique
        (folder / "inbox").mkdir(parents=True)
        lines = {
            "id": unique,
            "name": "Corner Shop",
            "time_zone": "America/New_York",
            "currency_code": "USD",
            "country_code": "US",
            **settings,
        }
        (folder / "business.toml").write_text(
            "".join(f'{key} = "{value}"\n' for key, value in lines.items()), encoding="utf-8"
        )
        return open_warehouse(load_business(folder))

    return make
