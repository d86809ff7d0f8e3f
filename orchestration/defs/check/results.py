"""The record of checks: every result becomes a row of ``quality.check_results``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from orchestration.dbt import NodeResult, project_manifest
from warehouse.database import Warehouse

Severity = Literal["error", "warn"]
Status = Literal["pass", "fail", "warn", "error", "skipped"]
Source = Literal["dbt", "great_expectations", "reconciliation"]

RECONCILIATION_TEST = "every_difference_from_the_source_has_a_name"
_DBT_STATUS: dict[str, Status] = {
    "pass": "pass",
    "fail": "fail",
    "warn": "warn",
    "error": "error",
    "runtime error": "error",
    "skipped": "skipped",
}


@dataclass(frozen=True)
class CheckResult:
    """One check's outcome, as it is stored and shown."""

    name: str
    source: Source
    asset_name: str
    severity: Severity
    status: Status
    observed_value: str | None
    message: str | None


def record(warehouse: Warehouse, run_id: str, results: Iterable[CheckResult]) -> None:
    """Append results to the record."""
    rows = [
        (run_id, r.name, r.source, r.asset_name, r.severity, r.status, r.observed_value, r.message)
        for r in results
    ]
    with warehouse.connect("quality") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into quality.check_results (run_id, check_name, check_source, asset_name, "
            "severity, status, observed_value, message) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def results_of_tests(results: Iterable[NodeResult]) -> list[CheckResult]:
    """Results of the data tests among what dbt built."""
    nodes = project_manifest()["nodes"]
    return [
        _result_of_test(nodes[result.unique_id], result)
        for result in results
        if result.unique_id.startswith("test.")
    ]


def _result_of_test(node: Mapping[str, Any], result: NodeResult) -> CheckResult:
    status = _DBT_STATUS[result.status]
    message = node["description"] or result.message
    return CheckResult(
        name=node["name"],
        source="reconciliation" if node["name"] == RECONCILIATION_TEST else "dbt",
        asset_name=_tested_table(node),
        severity="error" if node["config"]["severity"].lower() == "error" else "warn",
        status=status,
        observed_value=None if result.failures is None else f"{result.failures} failing rows",
        message=message if status == "pass" else f"{message or ''} {result.message or ''}",
    )


def _tested_table(node: Mapping[str, Any]) -> str:
    attached = node.get("attached_node") or next(
        (name for name in node["depends_on"]["nodes"] if name.startswith("model.")), ""
    )
    return str(attached).rsplit(".", 1)[-1] or "sources"
