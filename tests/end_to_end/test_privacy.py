"""Personal data planted in files are nowhere afterwards: not in the database, not in any log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.conftest import run_hub_command
from tests.dbt.building import with_models
from warehouse.database import Warehouse, service_database_url

PLANTED = ("ada.lovelace@example.org", "Lovelace", "Babbage", "555-0199", "5550199", "hopper")
SALES = """\
order_id,sold_at,product_name,quantity,unit_price_amount,customer_email,customer_phone,customer_name,staff
1,2026-03-01 10:00:00,Tea,1,3.00,Ada.Lovelace@Example.org,(212) 555-0199,Ada Lovelace,Grace Hopper
2,2026-03-02 11:00:00,Tea,1,3.00,ada.lovelace@example.org,,Ada Lovelace,Grace Hopper
3,2026-03-03 12:00:00,Tea,one,3.00,,(212) 555-0199,Charles Babbage,Grace Hopper
"""


@pytest.fixture
def shop(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    """A business whose first files have names in them; what no row reaches was built before."""
    warehouse = with_models(warehouse_factory().business)
    folder = warehouse.business.inbox / "sales"
    folder.mkdir()
    (folder / "till.csv").write_text(SALES, encoding="utf-8")
    settings = warehouse.business.folder / "business.toml"
    settings.write_text(
        settings.read_text() + "[sources.spreadsheets]\nquarantine_limit_rate = 0.5\n"
    )
    done = run_hub_command("run", "--business", str(warehouse.business.folder), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [word for word in PLANTED if word.lower() in (done.stdout + done.stderr).lower()]
    return warehouse


def _everything_in(url: str) -> str:
    """All rows of all tables of a database as one text."""
    texts: list[str] = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select schemaname, tablename from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert tables
        for table in tables:
            rows = connection.execute(
                sql.SQL("select t::text from {} as t").format(sql.Identifier(*table))
            )
            texts += [row[0] for row in rows]
    return "\n".join(texts).lower()


def test_planted_names_are_nowhere_and_privacy_requests_work(
    shop: Warehouse, hub_home: Path
) -> None:
    folder = str(shop.business.folder)
    rows = _everything_in(shop.server.admin_url(shop.database))
    assert "email_" in rows, "tokens are there"
    assert [word for word in PLANTED if word.lower() in rows] == []
    runs = _everything_in(service_database_url("dagster"))
    assert [word for word in PLANTED if word.lower() in runs] == []

    found = [
        (str(file), word)
        for file in hub_home.rglob("*")
        if file.is_file() and "data" not in file.relative_to(hub_home).parts
        for word in PLANTED
        if word.lower() in file.read_bytes().decode("utf-8", "replace").lower()
    ]
    assert found == []

    with shop.connect("analyst") as connection:
        row = connection.execute("select reason, rows_count from rpt_quarantine").fetchone()
    assert row is not None
    assert row[1] == 1

    exported = json.loads(
        run_hub_command("privacy", "export", "ADA.lovelace@example.org", "-b", folder).stdout
    )
    assert "ada.lovelace@example.org" in exported["personal_values"].values()
    assert "ada lovelace" in exported["personal_values"].values()
    assert len(exported["records"]["raw_spreadsheets.sales"]) == 2
    done = run_hub_command("privacy", "erase", "ada.lovelace@example.org", "--yes", "-b", folder)
    assert done.returncode == 0, done.stderr
    again = json.loads(
        run_hub_command("privacy", "export", "ada.lovelace@example.org", "-b", folder).stdout
    )
    assert again["personal_values"] == {}
