"""Builds the dbt project for throw-away businesses, through the same calls as a run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import date

import pytest

from ingestion.sources.registry import API_SOURCES
from ingestion.sources.spreadsheets import ensure_raw_tables, load_inbox
from orchestration import dbt as hub_dbt
from orchestration.ml_tables import ensure_ml_tables
from warehouse.database import Warehouse
from warehouse.home import PROJECT_ROOT
from warehouse.vault import open_vault

Build = Callable[..., None]


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
) -> subprocess.CompletedProcess[str]:
    """Run ``dbt build`` and return what it said."""
    ensure_ml_tables(warehouse)
    ensure_raw_tables(warehouse)
    for source in API_SOURCES:
        source.ensure_tables(warehouse)
    excluded = ["exposure"] if unit_tests else ["unit_test", "exposure"]
    command = ["build", "--exclude-resource-type", *excluded]
    command += ["--full-refresh"] if full_refresh else []
    # Of what is selected, the tests that need nothing else.
    command += ["--select", select, "--indirect-selection", "buildable"] if select else []
    with hub_dbt.environment(warehouse):
        return subprocess.run(
            [str(hub_dbt.DBT_EXECUTABLE),
             *hub_dbt.arguments(warehouse.business, command, as_of_date=as_of_date)],
            cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def snapshot() -> Callable[[Warehouse], dict[str, list[str]]]:
    """Every row of every mart table as text, sorted; what two builds are compared by."""

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
                    row[0] for row in connection.execute(f"select t::text from marts.{table} as t")
                )
                for table in tables
            }

    return take
