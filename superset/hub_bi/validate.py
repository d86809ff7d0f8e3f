"""Walks the bundle offline: dashboard to chart to dataset to mart, and names what is broken.

Needs neither Superset nor a database; dbt's manifest is the truth about marts and metrics.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hub_bi.bundle import DATABASE_FILE, Bundle
from hub_bi.semantics import Mart

SINGLE_METRICS = ("metric", "x", "y", "size")
SINGLE_COLUMNS = ("x_axis", "entity", "series")
COLUMN_LISTS = ("groupby", "all_columns")


def problems(files: Bundle, marts: Mapping[str, Mart]) -> list[str]:
    """Return one sentence per broken link or unknown name; an empty list means sound."""
    datasets = {c["uuid"]: c for _, c in _of(files, "datasets/")}
    charts = {c["uuid"]: c for _, c in _of(files, "charts/")}
    found: list[str] = []
    for name, dataset in _of(files, "datasets/"):
        found += [f"{name}: {text}" for text in _dataset_problems(dataset, files, marts)]
    for name, chart in _of(files, "charts/"):
        found += [f"{name}: {text}" for text in _chart_problems(chart, datasets)]
    for name, board in _of(files, "dashboards/"):
        found += [f"{name}: {text}" for text in _dashboard_problems(board, charts, datasets)]
    shown = {uuid for _, board in _of(files, "dashboards/") for uuid in _chart_uuids(board)}
    found += [
        f"{n}: is on no dashboard" for n, c in _of(files, "charts/") if c["uuid"] not in shown
    ]
    return found


def _of(files: Bundle, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, content) for name, content in files.items() if name.startswith(folder))


def _dataset_problems(
    dataset: Mapping[str, Any], files: Bundle, marts: Mapping[str, Mart]
) -> Iterator[str]:
    if dataset["database_uuid"] != files[DATABASE_FILE]["uuid"]:
        yield "belongs to an unknown database"
    if dataset["schema"] != "marts":
        yield f"reads the schema {dataset['schema']}; dashboards read marts only"
    mart = marts.get(dataset["table_name"])
    if mart is None:
        yield f"dbt has no mart '{dataset['table_name']}'"
        return
    for column in dataset["columns"]:
        if column["expression"] is None and column["column_name"] not in mart.columns:
            yield f"the mart has no column '{column['column_name']}'"
    for metric in dataset["metrics"]:
        known = mart.metrics.get(metric["metric_name"])
        if known is None:
            yield f"dbt has no metric '{metric['metric_name']}' on this mart"
        elif known.expression != metric["expression"]:
            yield f"metric '{metric['metric_name']}' is not what dbt defines"


def _chart_problems(
    chart: Mapping[str, Any], datasets: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    dataset = datasets.get(chart["dataset_uuid"])
    if dataset is None:
        yield "reads a dataset that is not in the bundle"
        return
    if not chart["query_context"]:
        yield "has no query context, so reports and downloads would fail"
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    params = chart["params"]
    for name in _metrics_named(params):
        if name not in metrics:
            yield f"uses the metric '{name}', which {dataset['table_name']} does not have"
    for name in _columns_named(params):
        if name not in columns:
            yield f"uses the column '{name}', which {dataset['table_name']} does not have"


def _metrics_named(params: Mapping[str, Any]) -> set[str]:
    named = [params.get(key) for key in SINGLE_METRICS] + list(params.get("metrics") or [])
    return {name for name in named if isinstance(name, str)}


def _columns_named(params: Mapping[str, Any]) -> set[str]:
    named = {params[key] for key in SINGLE_COLUMNS if params.get(key)}
    for key in COLUMN_LISTS:
        value = params.get(key) or []
        named |= {value} if isinstance(value, str) else set(value)
    return named | {condition["subject"] for condition in params.get("adhoc_filters") or []}


def _dashboard_problems(
    board: Mapping[str, Any],
    charts: Mapping[str, Any],
    datasets: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    for uuid in _chart_uuids(board):
        if uuid not in charts:
            yield f"shows the chart {uuid}, which is not in the bundle"
    for shown in board["metadata"]["native_filter_configuration"]:
        for target in shown["targets"]:
            if not target:
                continue
            dataset = datasets.get(target["datasetUuid"])
            column = target["column"]["name"]
            if dataset is None:
                yield f"its filter '{shown['name']}' reads a dataset that is not in the bundle"
            elif column not in {known["column_name"] for known in dataset["columns"]}:
                yield f"its filter '{shown['name']}' uses the unknown column '{column}'"


def _chart_uuids(board: Mapping[str, Any]) -> list[str]:
    return [
        node["meta"]["uuid"]
        for node in board["position"].values()
        if isinstance(node, dict) and node["type"] == "CHART"
    ]
