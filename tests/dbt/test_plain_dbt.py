"""The project is dbt's own: who knows only dbt builds and documents it in a database of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from ingestion.sources.registry import API_SOURCES
from orchestration.dbt import DBT_EXECUTABLE, building
from orchestration.ml_tables import ensure_ml_tables
from tests.dbt.building import load, open_business
from warehouse.database import ROLES, SCHEMA_OWNERS, Warehouse, drop_warehouse
from warehouse.home import PROJECT_ROOT

SALES = (
    "order_id,line_id,sold_at,product_id,quantity,unit_price_amount,location_name\n"
    "S1,1,2026-03-01 10:00:00,tea,2,5.00,Harbour\n"
    "S2,1,2026-03-02 11:00:00,tea,1,5.00,Harbour\n"
)
PROFILE = """
hub:
  target: mine
  outputs:
    mine:
      {{type: postgres, host: {host}, port: {port}, user: {name}, password: plain, dbname: {name},
        schema: marts, threads: 2}}
"""
LATER_SALE = """
insert into raw_spreadsheets.sales
select (jsonb_populate_record(sales, jsonb_build_object(
    'order_id', 'S3', '_row_key', 'S3|1', '_row_hash', 'S3',
    '_load_number', nextval('quality.load_numbers')
))).*
from raw_spreadsheets.sales where order_id = 'S2'
"""
# What dbt reads: the tables of its sources.
SOURCE_SCHEMAS = ("raw_", "settings", "ml", "quality")


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A database that one role owns and has loaded, and the environment of its dbt."""
    warehouse = open_business(tmp_path / "business", f"loaded_{uuid.uuid4().hex[:8]}")
    sales = warehouse.business.inbox / "sales"
    sales.mkdir()
    (sales / "till.csv").write_text(SALES, encoding="utf-8")
    load(warehouse)
    ensure_ml_tables(warehouse)
    for source in API_SOURCES:
        source.ensure_tables(warehouse)
    with building(warehouse):
        pass  # writes the settings down
    name = f"plain_{uuid.uuid4().hex[:8]}"
    url = _copied(warehouse, name)
    drop_warehouse(warehouse.business)
    place = urlsplit(url)
    (tmp_path / "profiles.yml").write_text(
        PROFILE.format(host=place.hostname, port=place.port, name=name), encoding="utf-8"
    )
    yield (
        url,
        {
            "DBT_PROFILES_DIR": str(tmp_path),
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "logs"),
        },
    )
    with psycopg.connect(warehouse.server.admin_url(), autocommit=True) as connection:
        for what in ("database", "role"):
            connection.execute(sql.SQL(f"drop {what} {{}}").format(sql.Identifier(name)))


def _copied(warehouse: Warehouse, name: str) -> str:
    """A copy of the sources' tables alone, all of them owned by one role."""
    owner, roles = sql.Identifier(name), [f"{warehouse.database}_{role}" for role in ROLES]
    with psycopg.connect(warehouse.server.admin_url(), autocommit=True) as connection:
        for statement in (
            "create role {name} login password 'plain'",
            "create database {name} template {source} owner {name}",
        ):
            connection.execute(
                sql.SQL(statement).format(name=owner, source=sql.Identifier(warehouse.database))
            )
    with psycopg.connect(warehouse.server.admin_url(name)) as connection:
        for schema in SCHEMA_OWNERS:
            statement = (
                "alter schema {schema} owner to {name}"
                if schema.startswith(SOURCE_SCHEMAS)
                else "drop schema {schema} cascade"
            )
            connection.execute(sql.SQL(statement).format(schema=sql.Identifier(schema), name=owner))
        connection.execute("drop sequence quality.load_numbers")
        tables = connection.execute(
            "select schemaname, tablename from pg_tables where schemaname <> 'information_schema' "
            "and schemaname not like 'pg\\_%'"
        ).fetchall()
        for table in tables:
            connection.execute(
                sql.SQL("alter table {} owner to {}").format(sql.Identifier(*table), owner)
            )
        for role in [*roles, f"{warehouse.database}_location_manager"]:
            connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(role)))
    return warehouse.server.admin_url(name)


def _dbt(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [str(DBT_EXECUTABLE), *command],
        cwd=PROJECT_ROOT, env={**os.environ, **environment}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_dbt_builds_and_documents_a_database_that_the_hub_never_saw(
    plain: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    url, environment = plain
    assert "ERROR=0" in _dbt(environment, "build")
    target = tmp_path / "target"
    results = json.loads((target / "run_results.json").read_bytes())["results"]
    passed = {each["unique_id"] for each in results if each["status"] == "pass"}
    unit_tests = json.loads((target / "manifest.json").read_bytes())["unit_tests"]
    assert unit_tests.keys() != set()
    assert unit_tests.keys() <= passed
    _dbt(environment, "docs", "generate", "--no-compile")
    assert json.loads((target / "catalog.json").read_bytes())["errors"] is None
    with psycopg.connect(url) as connection:
        days = "select sale_date::text, net_amount::int from marts.rpt_sales_daily order by 1"
        assert connection.execute(days).fetchall() == [("2026-03-01", 10), ("2026-03-02", 5)]
        connection.execute(LATER_SALE)
        connection.commit()
        _dbt(environment, "build", "--select", "+rpt_sales_daily", "--exclude-resource-type=test")
        assert connection.execute(days).fetchall() == [("2026-03-01", 10), ("2026-03-02", 10)]
