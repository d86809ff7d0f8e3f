"""The demo as a newcomer meets it: known answers, nothing invented, a graph with words in it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli import DEMO
from tests.conftest import RunningHub, run_hub_command


def test_the_demo_says_what_it_found(running_hub: RunningHub) -> None:
    output = running_hub.output
    assert "Spreadsheets: 358 days, 358 equal, 0 with named exclusions, 0 unexplained" in output
    assert "817,860.05 USD net in 21,350 orders, 49,574 units" in output
    assert "0 not." in output


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (
            (
                "select count(*), count(distinct order_key), sum(quantity)::int, sum(net_amount)"
                " from fct_sale_lines where exclusion_reason is null"
            ),
            "48620|21350|49574|817860.050000",
        ),
        ("select count(*), round(sum(net_amount), 2) from fct_orders", "21350|817860.05"),
        (
            (
                "select round(sum(net_amount), 2) from rpt_sales_daily"
                " where sale_date between '2015-01-01' and '2015-01-31'"
            ),
            "69793.30",
        ),
        (
            (
                "select round(sum(net_amount), 2) from rpt_product_performance"
                " where month_start_date = '2015-07-01'"
            ),
            "72557.90",
        ),
        (
            (
                "select round(sum(net_amount), 2) from rpt_margin_daily"
                " where sale_date >= '2015-12-01'"
            ),
            "64701.15",
        ),
        (
            (
                "select sale_hour, sum(orders_count) from rpt_sales_hourly group by 1"
                " order by 2 desc limit 1"
            ),
            "12|2520",
        ),
        (
            (
                "select day_name, sum(orders_count) from rpt_sales_hourly group by 1"
                " order by 2 desc limit 1"
            ),
            "Friday|3538",
        ),
        ("select count(*) from dim_products where description like '%‘Nduja Salami%'", "3"),
        # The seven closed days have no row at all.
        (
            (
                "select count(*) from dim_dates left join rpt_sales_daily on date_day = sale_date"
                " where date_day between '2015-01-01' and '2015-12-31' and sale_date is null"
            ),
            "7",
        ),
        ("select count(*) from rpt_rfm_segments", "11"),
        (
            (
                "select count(*) filter (where explanation = 'equal'), count(*)"
                " from rpt_reconciliation"
            ),
            "1790|1790",
        ),
        ("select count(distinct quadrant) from rpt_menu", "4"),
        (
            (
                "select count(*) from rpt_forecast_accuracy where is_selected"
                " and wape <= best_naive_wape and n_origins >= 3"
            ),
            "18",
        ),
        ("select count(distinct (series_key, horizon_days)) from rpt_sales_forecast", "18"),
    ],
)
def test_known_answers(running_hub: RunningHub, query: str, answer: str) -> None:
    assert running_hub.sql(query) == [answer]


def test_every_test_and_expectation_has_a_result(running_hub: RunningHub) -> None:
    sources = dict(
        row.split("|")
        for row in running_hub.sql(
            "select check_source, count(*) from rpt_check_results group by 1"
        )
    )
    assert int(sources["dbt"]) >= 30
    assert int(sources["great_expectations"]) >= 20
    assert sources["reconciliation"] == "1"
    assert running_hub.sql("select count(*) from rpt_check_results where status <> 'pass'") == ["0"]


def _marts(hub: RunningHub) -> list[str]:
    tables = hub.sql(
        "select table_name from information_schema.tables where table_schema = 'marts' "
        "and table_type = 'BASE TABLE' order by 1"
    )
    return [
        f"{table} "
        + hub.sql(f"select count(*), md5(string_agg(t::text, '' order by t::text)) "
                  f"from {table} as t")[0]
        for table in tables
    ]  # fmt: skip


def test_a_second_run_changes_nothing(running_hub: RunningHub) -> None:
    before = _marts(running_hub)
    done = run_hub_command("run", "--business", str(DEMO), "--json")
    summary = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert summary["succeeded"]
    assert summary["failures"] == summary["warnings"] == []
    assert _marts(running_hub) == before


def _graphql(hub: RunningHub, query: str) -> Any:
    request = urllib.request.Request(
        f"{hub.dagster_url}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


def test_the_graph_has_groups_owners_descriptions_and_checks(running_hub: RunningHub) -> None:
    nodes = _graphql(
        running_hub,
        """{ assetNodes {
        assetKey { path } groupName description isMaterializable
        owners { ... on TeamAssetOwner { team } } hasAssetChecks } }""",
    )["assetNodes"]
    made = {"/".join(n["assetKey"]["path"]): n for n in nodes if n["isMaterializable"]}
    assert {
        "raw_spreadsheets/sales",
        "marts/fct_sale_lines",
        "ml/sales_forecast",
        "publishing/dashboards",
    } <= made.keys()
    for name, node in made.items():
        assert node["groupName"] not in (None, "default"), name
        assert node["description"], name
        assert node["owners"], name
    assert sum(node["hasAssetChecks"] for node in made.values()) >= 15


def test_the_forecast_lies_between_mart_and_mart(running_hub: RunningHub) -> None:
    nodes = _graphql(
        running_hub,
        """{ assetNodes {
        assetKey { path } dependencyKeys { path } } }""",
    )["assetNodes"]
    parents = {
        "/".join(n["assetKey"]["path"]): {"/".join(d["path"]) for d in n["dependencyKeys"]}
        for n in nodes
    }
    assert "raw_spreadsheets/sales" in parents["staging/stg_spreadsheets__sales"]
    assert "marts/rpt_margin_daily" in parents["ml/sales_forecast"]
    assert "ml/sales_forecast" in parents["staging/stg_ml__sales_forecasts"]
    assert "staging/stg_ml__sales_forecasts" in parents["marts/rpt_sales_forecast"]


def test_runs_are_recorded_and_automation_is_on(running_hub: RunningHub) -> None:
    data = _graphql(
        running_hub,
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
    pages = list((hub_home / "great_expectations" / "platos_pizza").rglob("index.html"))
    assert len(pages) == 1
    assert "marts.rpt_sales_daily" in pages[0].read_text(encoding="utf-8")
