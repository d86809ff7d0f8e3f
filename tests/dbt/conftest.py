"""Builds the dbt project for throw-away businesses, through the same calls as a run."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg

from ingestion.sources.registry import API_SOURCES
from ingestion.sources.spreadsheets import ensure_raw_tables, load_inbox
from orchestration import dbt as hub_dbt
from orchestration.assets.identity import identify_customers
from orchestration.ml_tables import ensure_ml_tables
from warehouse.database import Warehouse
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
) -> Built:
    """Run ``dbt build`` and return what it said.

    Data tests take half of the time: a build whose rows are compared with those of one that has
    passed them does without.
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
        return _invoke(warehouse, ["--quiet", *command])


@dataclass(frozen=True)
class Built:
    """How a build ended, and the lines that dbt said."""

    returncode: int
    stdout: str


def _invoke(warehouse: Warehouse, arguments: list[str]) -> Built:
    """Run dbt in this process: parsing the project anew takes as long as a small build."""
    lines: list[str] = []

    def hear(event: EventMsg) -> None:
        if event.info.level in ("info", "warn", "error"):
            lines.append(event.info.msg)

    done = dbtRunner(_manifest_for(warehouse.database), callbacks=[hear]).invoke(arguments)
    if done.exception:
        lines.append(str(done.exception))
    return Built(0 if done.success else 1, "\n".join(lines))


def _manifest_for(database: str) -> Manifest:
    """The parsed project as of a database; only its name differs from one business to another."""
    manifest = parsed_project()
    resources = [*manifest.nodes.values(), *manifest.sources.values()]
    for resource in resources:
        if relation := getattr(resource, "relation_name", None):
            resource.relation_name = relation.replace(resource.database, database, 1)
        resource.database = database
    return manifest


@functools.lru_cache(maxsize=1)
def parsed_project() -> Manifest:
    """The project as dbt reads it, once per process."""
    done = dbtRunner().invoke(["--quiet", "parse"])
    assert isinstance(done.result, Manifest), done.exception
    return done.result


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
