"""Builds the dbt project for throw-away businesses, through the same calls as a run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from psycopg import sql

from ingestion.sources.registry import API_SOURCES
from ingestion.sources.spreadsheets import ensure_raw_tables, load_inbox
from orchestration import dbt as hub_dbt
from orchestration.defs.transform.identity import identify_customers
from orchestration.ml_tables import ensure_ml_tables
from warehouse.database import Warehouse, drop_warehouse, open_warehouse
from warehouse.vault import open_vault

Build = Callable[..., None]
# What the ledger of sales feeds, without books, stock, staff and marketing.
LEDGER = (
    "+path:dbt_project/models/marts/core +path:dbt_project/models/marts/customers "
    "+rpt_reconciliation +rpt_margin_daily +rpt_sales_hourly"
)


def load(warehouse: Warehouse) -> None:
    """Load the inbox; every file must be fine."""
    report = load_inbox(warehouse.business, warehouse, open_vault(warehouse))
    assert not report.has_failures, report.to_text()


def build(
    warehouse: Warehouse,
    *,
    full_refresh: bool = False,
    as_of_date: date | None = None,
    select: str | None = None,
    unit_tests: bool = False,
    data_tests: bool = True,
    project: Manifest | None = None,
) -> Built:
    """Run ``dbt build`` and return what it said.

    Data tests take half of the time: a build whose rows are compared with those of one that has
    passed them does without. ``project``: another one than the files hold.
    """
    ensure_ml_tables(warehouse)
    ensure_raw_tables(warehouse)
    for source in API_SOURCES:
        source.ensure_tables(warehouse)
    excluded = ["exposure"] if unit_tests else ["unit_test", "exposure"]
    excluded += [] if data_tests else ["test"]
    command = ["build", "--exclude-resource-type", *excluded]
    command += ["--full-refresh"] if full_refresh else []
    # Of what is selected, the tests that need nothing else.
    command += ["--select", *select.split(), "--indirect-selection", "buildable"] if select else []
    with hub_dbt.building(warehouse, as_of_date):
        return _invoke(project or hub_dbt.parsed_project(warehouse.database), ["--quiet", *command])


@dataclass(frozen=True)
class Built:
    """How a build ended, and the lines that dbt said."""

    returncode: int
    stdout: str


def _invoke(project: Manifest, arguments: list[str]) -> Built:
    """Run dbt in this process: parsing the project anew takes as long as a small build."""
    lines: list[str] = []

    def hear(event: EventMsg) -> None:
        if event.info.level in ("info", "warn", "error"):
            lines.append(event.info.msg)

    done = hub_dbt.invoke(project, arguments, [hear])
    if done.exception:
        lines.append(str(done.exception))
    return Built(0 if done.success else 1, "\n".join(lines))


@dataclass(frozen=True)
class BuiltWarehouse:
    """A warehouse with a copy to return to, which takes a second and no build."""

    warehouse: Warehouse
    first_build: Built

    @property
    def copy(self) -> str:
        """The name of the copy's database."""
        return f"{self.warehouse.database}_kept"

    def as_it_was(self) -> Warehouse:
        """The warehouse as it was when it was kept."""
        drop_warehouse(self.warehouse.business)
        self._administer("create database {database} template {copy}")
        return open_warehouse(self.warehouse.business)

    def _administer(self, statement: str) -> None:
        names = {"database": sql.Identifier(self.warehouse.database),
                 "copy": sql.Identifier(self.copy)}  # fmt: skip
        with psycopg.connect(self.warehouse.server.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(**names))


@contextmanager
def kept(warehouse: Warehouse, first_build: Built) -> Iterator[BuiltWarehouse]:
    """Keep a warehouse as it is now; nobody may be connected to it."""
    built = BuiltWarehouse(warehouse, first_build)
    built._administer("create database {copy} template {database}")
    try:
        yield built
    finally:
        built._administer("drop database {copy} with (force)")


def build_ledger(warehouse: Warehouse) -> None:
    """As a run does: the records of customers, who they are, and the models that need them."""
    done = build(warehouse, select="+int_customer_records")
    assert done.returncode == 0, done.stdout[-4000:]
    identify_customers(warehouse, open_vault(warehouse), uuid.uuid4().hex)
    done = build(warehouse, select=LEDGER)
    assert done.returncode == 0, done.stdout[-4000:]


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
