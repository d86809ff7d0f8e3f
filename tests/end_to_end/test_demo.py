"""The demo as a newcomer meets it: it equals the ledger, and the graph has words in it."""

from __future__ import annotations

import json
import re
import urllib.request
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.dbt import project_manifest
from orchestration.defs.check.results import RECONCILIATION_TEST
from orchestration.defs.check.suites import SUITES
from orchestration.ops.demo import ensure_served, folder
from orchestration.ops.services import as_of_date
from sandbox.world import World
from tests.conftest import RunningHub, run_hub_command
from warehouse.business import load_business
from warehouse.database import service_database_url


@pytest.fixture(scope="module", autouse=True)
def _systems(running_hub: RunningHub) -> None:
    """Another business that is shown meanwhile ends the demo's systems; here they are needed."""
    running_hub.bring_back()
    ensure_served(load_business(folder()), lambda _: None)


def test_the_demo_says_what_it_found(running_hub: RunningHub) -> None:
    output = running_hub.output
    for system in ("Square", "Shopify", "QuickBooks"):
        assert f"Connected to {system}" in output
        assert f"    {system}: " in output, "what was loaded of it"
    assert re.search(r"Shopify: (4\d\d) days, \1 equal, 0 with named exclusions", output)
    assert re.search(r"Square: \d{3} days, \d{3} equal, \d+ with named exclusions, 0 unex", output)
    assert re.search(r"QuickBooks: \d+ monthly reports, 0 with a difference", output)
    assert re.search(r"documents of QuickBooks and Square repeat a sale of another", output)
    assert "0 not." in output


def _truth(hub_home: Path, query: str) -> tuple[Any, ...]:
    """One row of the generated business's own ledger, as of the sandbox's clock."""
    services = json.loads(run_hub_command("status", "--json").stdout)
    address = next(each["address"] for each in services if each["name"] == "sandbox")
    with urllib.request.urlopen(f"{address}/sandbox/clock", timeout=30) as answer:
        now = datetime.fromisoformat(json.load(answer)["now"])
    world = World(hub_home / "sandbox", now=now)
    (row,) = world.rows(query)
    world.close()
    return row


SOLD = """
    from event_lines join events using (event_id)
    join orders on orders.order_id = events.order_id
    join places using (place_id) where not is_test and system in ('shopify', 'square')"""


def _assert_sales_are_those_of_the_ledger(hub: RunningHub, hub_home: Path) -> None:
    net, tax = _truth(
        hub_home,
        f"select sum(gross_cents - discount_cents - reversal_cents), sum(tax_cents) {SOLD}",
    )
    found = hub.sql(
        "select sum(net_amount) * 100, sum(tax_amount) * 100 from fct_sale_lines "
        "where is_counted and source_system in ('shopify', 'square')"
    )
    assert [Decimal(part) for part in found[0].split("|")] == [net, tax]


def test_sales_are_those_of_the_ledger_to_the_cent(running_hub: RunningHub, hub_home: Path) -> None:
    _assert_sales_are_those_of_the_ledger(running_hub, hub_home)


def test_every_day_agrees_with_the_systems_own_reports(running_hub: RunningHub) -> None:
    assert running_hub.sql(
        "select source_system, count(*) > 2000 from rpt_reconciliation group by 1 order by 1"
    ) == ["shopify|t", "square|t"]
    assert running_hub.sql(
        "select distinct explanation from rpt_reconciliation where explanation <> 'equal'"
    ) == ["excluded: duplicate_of_shopify"]


def test_all_four_places_have_sales_up_to_the_last_complete_day(running_hub: RunningHub) -> None:
    assert running_hub.sql(
        "select location_name, max(sale_date) >= date '2026-09-26' from rpt_sales_daily "
        "group by 1 order by 1"
    ) == ["Harbour Café|t", "Lakeside|t", "Market Street|t", "No location|t", "Online Store|t"]


def test_no_forecast_is_worse_than_the_best_simple_rule(running_hub: RunningHub) -> None:
    assert running_hub.sql(
        "select count(*) > 20, bool_and(wape <= best_naive_wape), min(n_origins) >= 3 "
        "from rpt_forecast_accuracy where is_selected "
        "and series_level in ('total', 'location', 'category')"
    ) == ["t|t|t"]
    assert running_hub.sql(
        "select count(*) > 50, bool_and(rmse <= best_naive_rmse) from rpt_forecast_accuracy "
        "where is_selected and series_level in ('location_category', 'product')"
    ) == ["t|t"]


def test_forecasts_of_places_and_categories_add_up_to_the_total(running_hub: RunningHub) -> None:
    """What is refused for want of proof is missing in the sum, and nothing else is."""
    assert running_hub.sql(
        """
        with days as (
            select horizon_days, sale_date, series_level, sum(forecast_amount) as amount
            from rpt_sales_forecast where row_type = 'forecast' group by 1, 2, 3
        ),
        refused as (
            select distinct split_part(subject, ':', 1) as series_level,
                cast(split_part(split_part(subject, ', ', 2), ' ', 1) as integer) as horizon_days
            from rpt_model_refusals where task = 'forecast_sales'
        )
        select parts.series_level = 'location' as is_place, count(*) > 0,
            max(abs(parts.amount - total.amount)) < 0.0001
        from days as parts join days as total using (horizon_days, sale_date)
        left join refused on parts.series_level = refused.series_level
            and parts.horizon_days = refused.horizon_days
        where total.series_level = 'total' and parts.series_level in ('location', 'category')
            and refused.horizon_days is null
        group by 1 order by 1"""
    ) == ["f|t|t", "t|t|t"]


def test_every_test_and_expectation_has_a_result(running_hub: RunningHub) -> None:
    tests = [node["name"] for node in project_manifest()["nodes"].values()
             if node["resource_type"] == "test"]  # fmt: skip
    assert RECONCILIATION_TEST in tests
    expected = [
        *(f"dbt|{name}" for name in tests if name != RECONCILIATION_TEST),
        *(f"great_expectations|{rule.name}" for suite in SUITES for rule in suite.rules),
        f"reconciliation|{RECONCILIATION_TEST}",
    ]
    found = running_hub.sql("select check_source, check_name from rpt_check_results")
    assert sorted(found) == sorted(expected)
    assert running_hub.sql("select count(*) from rpt_check_results where status <> 'pass'") == ["0"]


# What these are made of is read again in each run, as their systems do not tell what changed.
READ_AGAIN = (
    "fct_labour_hours", "rpt_labour_hourly", "fct_payments", "fct_payouts", "rpt_reconciliation",
)  # fmt: skip


def _marts(hub: RunningHub) -> list[str]:
    tables = hub.sql(
        "select table_name from information_schema.tables where table_schema = 'marts' "
        "and table_type = 'BASE TABLE' order by 1"
    )
    rows = dict.fromkeys(tables, "t::text")
    rows |= dict.fromkeys(READ_AGAIN, "(to_jsonb(t) - 'load_number')::text")
    rows["rpt_today"] = "(to_jsonb(t) - 'looked_at')::text"  # when it was built
    found = hub.sql("; ".join(
        f"select '{table}', count(*), md5(string_agg({row}, '' order by {row})) from {table} as t"
        for table, row in rows.items()
    ))  # fmt: skip
    assert len(found) == len(rows)
    return found


def test_a_second_run_changes_nothing(running_hub: RunningHub) -> None:
    before = _marts(running_hub)
    done = run_hub_command("run", "--business", str(folder()), "--json")
    summary = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert summary["succeeded"]
    assert summary["failures"] == summary["warnings"] == []
    assert _marts(running_hub) == before


def test_the_graph_has_groups_owners_descriptions_and_checks(running_hub: RunningHub) -> None:
    nodes = running_hub.graphql(
        """{ assetNodes {
        assetKey { path } groupName description isMaterializable
        owners { ... on TeamAssetOwner { team } } hasAssetChecks } }""",
    )["assetNodes"]
    made = {"/".join(n["assetKey"]["path"]): n for n in nodes if n["isMaterializable"]}
    assert {
        "raw_spreadsheets/sales",
        "raw_shopify/orders",
        "raw_square/orders",
        "raw_quickbooks/invoices",
        "marts/fct_sale_lines",
        "ml/sales_forecast",
        "publishing/dashboards",
    } <= made.keys()
    for name, node in made.items():
        assert node["groupName"] not in (None, "default"), name
        assert node["description"], name
        assert node["owners"], name
    from orchestration.definitions import defs  # of the manifest in this session's home

    checked = {"/".join(check.asset_key.path)
               for check in defs.resolve_asset_graph().asset_check_keys}  # fmt: skip
    assert {name for name, node in made.items() if node["hasAssetChecks"]} == checked


def test_the_forecast_lies_between_mart_and_mart(running_hub: RunningHub) -> None:
    nodes = running_hub.graphql(
        """{ assetNodes {
        assetKey { path } dependencyKeys { path } } }""",
    )["assetNodes"]
    parents = {
        "/".join(n["assetKey"]["path"]): {"/".join(d["path"]) for d in n["dependencyKeys"]}
        for n in nodes
    }
    assert "raw_spreadsheets/sales" in parents["staging/stg_spreadsheets__sales"]
    assert "marts/fct_product_sales_daily" in parents["features/ftr_sales_daily"]
    assert "features/ftr_sales_daily" in parents["ml/sales_forecast"]
    assert "ml/sales_forecast" in parents["staging/stg_ml__sales_forecasts"]
    assert "staging/stg_ml__sales_forecasts" in parents["marts/rpt_sales_forecast"]


def test_runs_are_recorded_and_automation_is_on(running_hub: RunningHub) -> None:
    data = running_hub.graphql(
        """{
        runsOrError(limit: 5) { ... on Runs { results { status jobName } } }
        schedulesOrError(repositorySelector: {repositoryName: "__repository__",
            repositoryLocationName: "hub"}) { ... on Schedules { results { name
            scheduleState { status } } } }
        sensorsOrError(repositorySelector: {repositoryName: "__repository__",
            repositoryLocationName: "hub"}) { ... on Sensors { results { name
            sensorState { status } } } } }""",
    )
    assert {"status": "SUCCESS", "jobName": "whole_hub"} in data["runsOrError"]["results"]
    schedules = {
        s["name"]: s["scheduleState"]["status"] for s in data["schedulesOrError"]["results"]
    }
    sensors = {s["name"]: s["sensorState"]["status"] for s in data["sensorsOrError"]["results"]}
    assert schedules["every_morning"] == "RUNNING"
    assert sensors["new_file_in_the_inbox"] == "RUNNING"


def test_the_data_docs_are_built(running_hub: RunningHub, hub_home: Path) -> None:
    pages = list((hub_home / "great_expectations" / "harbour_hearth").rglob("index.html"))
    assert len(pages) == 1
    assert "marts.rpt_sales_daily" in pages[0].read_text(encoding="utf-8")


def test_the_business_goes_on_and_the_hub_follows(running_hub: RunningHub, hub_home: Path) -> None:
    (before,) = _truth(hub_home, f"select count(*) {SOLD}")
    shown, periods = _dashboards()
    services = json.loads(run_hub_command("status", "--json").stdout)
    address = next(each["address"] for each in services if each["name"] == "sandbox")
    request = urllib.request.Request(
        f"{address}/sandbox/advance",
        data=json.dumps({"seconds": 86_400}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert json.load(answer)["happened"]["sale"] > 5
    running_hub.wait_until_done()
    assert _truth(hub_home, f"select count(*) {SOLD}")[0] > before
    _assert_sales_are_those_of_the_ledger(running_hub, hub_home)
    # The dashboards open on the days up to yesterday, with all charts and for the same readers.
    shown_later, periods_later = _dashboards()
    assert shown_later == shown
    assert min(charts for charts, _ in shown.values()) > 0
    assert periods_later["owner-overview"] != periods["owner-overview"]
    end = date.fromisoformat(as_of_date(running_hub.warehouse)) + timedelta(days=1)
    assert periods_later["owner-overview"].endswith(f" : {end}")


def _dashboards() -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """The numbers of charts and roles of each dashboard, and the days that it opens on."""
    with psycopg.connect(service_database_url("superset")) as connection:
        rows = connection.execute("""
            select
                slug,
                (select count(*) from dashboard_slices where dashboard_id = dashboards.id),
                (select count(*) from dashboard_roles where dashboard_id = dashboards.id),
                json_metadata
            from dashboards
        """).fetchall()
    periods = {slug: re.findall(r"[0-9-]{10} : [0-9-]{10}", text) for slug, *_, text in rows}
    return (
        {slug: (charts, roles) for slug, charts, roles, _ in rows},
        {slug: found[0] for slug, found in periods.items() if found},
    )
