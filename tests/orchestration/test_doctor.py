"""The doctor on businesses in which one thing is wrong."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from orchestration.ops import doctor, services
from orchestration.ops.doctor import Finding, examine
from tests.dbt.building import load
from warehouse.database import Warehouse
from warehouse.vault import open_vault

SALES = "order_id,sold_at,product_name,quantity,unit_price_amount\nO1,2026-01-01,Tea,1,2.00\n"


@pytest.fixture(autouse=True)
def own_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither how this checkout was installed nor the keys of other tests matter here."""
    monkeypatch.setattr(doctor, "PROJECT_ROOT", tmp_path)
    monkeypatch.setattr(services, "SUPERSET_ROOM", tmp_path)
    monkeypatch.setenv("HUB_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def shop(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    """A business whose files are loaded, and in which nothing is wrong."""
    made = warehouse_factory()
    _put(made, "sales/till.csv")
    load(made)
    return made


def _execute(shop: Warehouse, statement: LiteralString) -> None:
    with psycopg.connect(shop.server.admin_url(shop.database)) as connection:
        connection.execute(statement)


def _put(shop: Warehouse, name: str) -> None:
    file = shop.business.inbox / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(SALES, encoding="utf-8")


def _wrong(shop: Warehouse) -> list[Finding]:
    return [each for each in examine(shop.business.folder) if not each.is_fine]


def test_a_healthy_business_has_nothing_wrong(shop: Warehouse) -> None:
    assert _wrong(shop) == []


def _spoil_settings(shop: Warehouse) -> None:
    (shop.business.folder / "business.toml").write_text('time_zone = "Mars/Olympus"\n')


def _lose_files(shop: Warehouse) -> None:
    _put(shop, "till.csv")
    _put(shop, "saels/till.csv")


def _lose_the_key(shop: Warehouse) -> None:
    open_vault(shop)
    (Path(os.environ["HUB_CONFIG_HOME"]) / "vault-keys.json").unlink()


def _forget_loads(shop: Warehouse) -> None:
    _execute(shop, "delete from quality.load_log")


def _let_time_pass(shop: Warehouse) -> None:
    _execute(shop, "update quality.load_log set started_at = started_at - interval '3 days', "
                   "finished_at = finished_at - interval '3 days'")  # fmt: skip


def _fail_a_load(shop: Warehouse) -> None:
    _execute(shop, "update quality.load_log set status = 'failed', message = 'no such column'")


def _fail_a_check(shop: Warehouse) -> None:
    _execute(shop, "insert into quality.check_results (run_id, check_name, check_source, "
                   "asset_name, severity, status) values "
                   "('r', 'days_equal', 'dbt', 'rpt_sales_daily', 'error', 'fail')")  # fmt: skip


def _use_an_unconnected_source(shop: Warehouse) -> None:
    settings = shop.business.folder / "business.toml"
    settings.write_text(settings.read_text() + "[sources.square]\n")


@pytest.mark.parametrize(
    ("spoil", "told", "fix"),
    [
        (_spoil_settings, "business.toml", ""),
        (_lose_files, "Nobody reads these in the inbox: saels, till.csv", "inbox/sales/"),
        (_lose_the_key, "is missing", "HUB_VAULT_KEY"),
        (_forget_loads, "Nothing has been loaded yet", "hub run"),
        (_let_time_pass, "The last load was on", "hub up"),
        (_fail_a_load, "till.csv could not be loaded (no such column)", "hub run"),
        (_fail_a_check, "Checks failed in the last run: days_equal", "Data health"),
        (_use_an_unconnected_source, "Square is not connected", "hub connect square"),
    ],
)
def test_what_is_wrong_is_told_with_its_fix(
    shop: Warehouse, spoil: Callable[[Warehouse], None], told: str, fix: str
) -> None:
    spoil(shop)
    (found,) = _wrong(shop)
    assert told in found.text
    assert fix in str(found.fix)


def test_an_older_installation_and_a_missing_one_are_told(
    shop: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "room"
    (room / ".venv").mkdir(parents=True)
    (room / ".venv" / ".ready").touch()
    (room / "uv.lock").touch()
    os.utime(room / ".venv" / ".ready", (1, 1))
    monkeypatch.setattr(doctor, "PROJECT_ROOT", room)
    (found,) = _wrong(shop)
    assert found == Finding(
        "The hub is installed in an older version than the code wants", False, "Run: make setup"
    )
    monkeypatch.setattr(services, "SUPERSET_PYTHON", room / "python")
    (found,) = _wrong(shop)
    assert found.fix == "Run: make setup"


def test_a_port_of_another_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr(services, "PREFERRED_PORTS", {"superset": port})
        # The demo of the whole system's tests may run in the same home.
        monkeypatch.setattr(services, "started", list)
        told = [each.text for each in examine(None)]
    assert f"Port {port} is another program's, so superset will answer at another one" in told
