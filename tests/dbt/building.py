"""Builds the dbt project for throw-away businesses, through the same calls as a run."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from graphlib import TopologicalSorter

import psycopg
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg
from psycopg import sql

from ingestion.sources.registry import API_SOURCES
from ingestion.sources.spreadsheets import ensure_raw_tables, load_inbox
from orchestration import dbt as hub_dbt
from orchestration.defs.transform.identity import identify_customers
from orchestration.ml_tables import ensure_ml_tables
from orchestration.planning import record
from orchestration.planning.items import plan, rebuilt_whole
from orchestration.planning.project import dbt_items
from orchestration.planning.work import note_built
from tests.keeping import open_business
from warehouse.business import Business
from warehouse.database import ROLES, Warehouse, drop_warehouse, open_warehouse
from warehouse.home import hub_home
from warehouse.vault import open_vault

WANTED = "wanted"
BUILT_TYPES = ("model", "seed", "snapshot", "test", "unit_test")
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
    only_due: bool = False,
    project: Manifest | None = None,
) -> Built:
    """Run ``dbt build`` and return what it said.

    Data tests take half of the time: a build whose rows are compared with those of one that has
    passed them does without. ``only_due``: what a run would build of what is selected.
    ``project``: another one than the files hold. Views that :func:`with_models` has made stay.
    """
    manifest = project or hub_dbt.parsed_project(warehouse.database)
    excluded = ["exposure"] if unit_tests else ["unit_test", "exposure"]
    excluded += [] if data_tests else ["test"]
    with hub_dbt.building(warehouse, as_of_date):
        names = set(_selected(manifest, select, tuple(excluded)))
        if project is None:
            names -= _views_that_stay(warehouse)
        if only_due:
            names &= _due(warehouse, manifest)
            if not names:
                return Built(0, "Nothing is due.")
        if full_refresh:
            whole = rebuilt_whole(dbt_items(), {}, {}) & names
            hub_dbt.build_whole(manifest, whole)
        if not unit_tests:
            hub_dbt.leave_out_the_rest(manifest, names)
        with warehouse.connect("transformer") as connection:
            known = record.built(connection)
        record.forget_contents(warehouse, names)
        number = record.draw_number(warehouse)
        command = ["--no-write-json", "build", "--indirect-selection", "empty"]
        _mark(manifest, names)
        built = _invoke(manifest, [*command, "--select", f"tag:{WANTED}"])
    if project is None:
        note_built(warehouse, built.fine, number, known)
    return built


def _due(warehouse: Warehouse, manifest: Manifest) -> set[str]:
    """What a run would build; in the manifest, what it would build whole."""
    with warehouse.connect("transformer") as connection:
        changes, built = record.changes(connection), record.built(connection)
        due = plan(dbt_items(), changes, built, record.present(connection))
    hub_dbt.build_whole(manifest, due.rebuilt)
    return set(due.reasons)


def _ensure_tables(warehouse: Warehouse) -> None:
    ensure_ml_tables(warehouse)
    ensure_raw_tables(warehouse)
    for source in API_SOURCES:
        source.ensure_tables(warehouse)


def _selected(
    manifest: Manifest, select: str | None, excluded_types: tuple[str, ...]
) -> frozenset[str]:
    """Unique ids of what dbt builds, and of the tests that need nothing else."""
    key = (select, excluded_types)
    if key not in _SELECTIONS:
        command = ["ls", "--output", "json", "--output-keys", "unique_id", "resource_type"]
        command += ["--exclude-resource-type", *excluded_types]
        if select:
            command += ["--select", *select.split(), "--indirect-selection", "buildable"]
        listed = hub_dbt.invoke(manifest, command)
        assert listed.success, listed.exception
        assert isinstance(listed.result, list)
        nodes = [json.loads(line) for line in listed.result]
        _SELECTIONS[key] = frozenset(
            node["unique_id"] for node in nodes if node["resource_type"] in BUILT_TYPES
        )
    return _SELECTIONS[key]


_SELECTIONS: dict[tuple[str | None, tuple[str, ...]], frozenset[str]] = {}


def _mark(manifest: Manifest, names: Collection[str]) -> None:
    """Tag what is to be built: dbt compares each name of a list with each node of the project."""
    for name in names:
        if name in manifest.unit_tests:
            manifest.unit_tests[name].config.tags = [WANTED]
        else:
            manifest.nodes[name].tags = [WANTED]


@lru_cache(maxsize=1)
def _views_of_raw_rows() -> frozenset[str]:
    """Views before any table that dbt makes: they stay as they are when the tables fall."""
    manifest = hub_dbt.project_manifest()
    nodes, parents = manifest["nodes"], manifest["parent_map"]
    views: set[str] = set()
    made_from = {name: [each for each in parents[name] if each in nodes] for name in nodes}
    for name in TopologicalSorter(made_from).static_order():
        node = nodes[name]
        is_view = node["resource_type"] == "model" and node["config"]["materialized"] == "view"
        if is_view and views.issuperset(made_from[name]):
            views.add(name)
    return frozenset(views)


@lru_cache(maxsize=1)
def _shell() -> Warehouse:
    """A business without a row, of which everything is built."""
    warehouse = open_business(hub_home() / "shell", "shell")
    _ensure_tables(warehouse)
    done = build(warehouse)
    assert done.returncode == 0, done.stdout[-4000:]
    return warehouse


def with_models(business: Business) -> Warehouse:
    """The warehouse of a new business, in which everything was built before the first row came.

    Most of a build goes into views, which are the same in each business.
    """
    shell = _shell()
    open_warehouse(business)  # its roles
    drop_warehouse(business)
    with psycopg.connect(shell.server.admin_url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(business.slug), sql.Identifier(shell.database)
            )
        )
    with psycopg.connect(shell.server.admin_url(business.slug)) as connection:
        for role in ROLES:
            connection.execute(
                sql.SQL("reassign owned by {} to {}").format(
                    *(sql.Identifier(f"{name}_{role}") for name in (shell.database, business.slug))
                )
            )
    return open_warehouse(business)


def _views_that_stay(warehouse: Warehouse) -> set[str]:
    """Of those before any table, the ones that are there."""
    with warehouse.connect("transformer") as connection:
        present = connection.execute(
            "select relname from pg_class where relkind = 'v' "
            "and relnamespace::regnamespace::text = any(%s)",
            (["staging", "intermediate", "features", "marts"],),
        ).fetchall()
    names = {name for (name,) in present}
    return {view for view in _views_of_raw_rows() if view.split(".")[-1] in names}


@dataclass(frozen=True)
class Built:
    """How a build ended, the lines that dbt said, and what came out fine."""

    returncode: int
    stdout: str
    fine: frozenset[str] = frozenset()  # unique ids of what nothing hinders


def _invoke(project: Manifest, arguments: list[str]) -> Built:
    """Run dbt in this process: parsing the project anew takes as long as a small build."""
    lines: list[str] = []

    def hear(event: EventMsg) -> None:
        lines.append(event.info.msg)

    done = hub_dbt.invoke(project, arguments, [hear])
    if done.exception:
        lines.append(str(done.exception))
    results = done.result.results if isinstance(done.result, RunExecutionResult) else []
    fine = (each.node.unique_id for each in results if each.status in ("success", "pass", "warn"))
    return Built(0 if done.success else 1, "\n".join(lines), frozenset(fine))


def mart_rows(
    warehouse: Warehouse, without: Sequence[str] = ("looked_at",)
) -> dict[str, list[str]]:
    """Every row of every mart table as text, sorted; what two builds are compared by.

    ``without``: columns that say when something was put together.
    """
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
                    f"select (to_jsonb(t) - %s::text[])::text from marts.{table} as t",
                    (list(without),),
                )
            )
            for table in tables
        }


def build_ledger(warehouse: Warehouse) -> None:
    """As a run does: the records of customers, who they are, and the models that need them."""
    done = build(warehouse, select="+int_customer_records", only_due=True)
    assert done.returncode == 0, done.stdout[-4000:]
    identify_customers(warehouse, open_vault(warehouse), uuid.uuid4().hex)
    done = build(warehouse, select=LEDGER, only_due=True)
    assert done.returncode == 0, done.stdout[-4000:]
