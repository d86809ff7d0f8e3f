"""Runs the suites with Great Expectations and builds its Data Docs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.defs.check.results import CheckResult
from orchestration.defs.check.suites import Rule, Suite
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.home import hub_home

_URL_VARIABLE = "HUB_GX_URL"


def project_folder(business: Business) -> Path:
    """Where Great Expectations keeps results and Data Docs of a business."""
    return hub_home() / "great_expectations" / business.slug


def data_docs_index(business: Business) -> Path:
    """The first page of the Data Docs."""
    return (
        project_folder(business) / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"
    )


def run_suites(warehouse: Warehouse, suites: Sequence[Suite]) -> list[CheckResult]:
    """Check suites against the warehouse; results are kept for the Data Docs.

    Returns:
        One result per rule. A rule that cannot be evaluated is an ``error``, never a pass.
    """
    import great_expectations as gx  # takes seconds to import

    # The address holds a password: Great Expectations stores only the variable's name.
    url = warehouse.url("quality").replace("postgresql://", "postgresql+psycopg2://", 1)
    os.environ[_URL_VARIABLE] = url
    context = _context(project_folder(warehouse.business))
    source = context.data_sources.add_or_update_postgres(
        name="warehouse", connection_string=f"${{{_URL_VARIABLE}}}"
    )
    results: list[CheckResult] = []
    for suite in suites:
        results.extend(_run_suite(gx, context, source, suite))
    return results


def build_data_docs(business: Business) -> Path:
    """Build the Data Docs from everything checked so far; returns their first page."""
    _context(project_folder(business)).build_data_docs()
    return data_docs_index(business)


@cache
def _context(folder: Path) -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # takes seconds to import
    from great_expectations.data_context.types.base import ProgressBarsConfig

    folder.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _run_suite(gx: Any, context: Any, source: Any, suite: Suite) -> list[CheckResult]:
    name = f"{suite.schema}.{suite.table}"
    asset = _table_asset(source, suite, name)
    batch = (
        asset.add_batch_definition_whole_table("all rows")
        if not asset.batch_definitions
        else (asset.batch_definitions[0])
    )
    expectations = context.suites.add_or_update(gx.ExpectationSuite(name=name))
    for rule in suite.rules:
        expectations.add_expectation(_expectation(gx, rule))
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(name=name, data=batch, suite=expectations)
    )
    checkpoint = gx.Checkpoint(
        name=name,
        validation_definitions=[definition],
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": 5},
    )
    outcome = context.checkpoints.add_or_update(checkpoint).run()
    (validation,) = outcome.run_results.values()
    by_name = {result.expectation_config.meta["rule"]: result for result in validation.results}
    return [_result(suite, rule, by_name[rule.name]) for rule in suite.rules]


def _table_asset(source: Any, suite: Suite, name: str) -> Any:
    if name in {asset.name for asset in source.assets}:
        return source.get_asset(name)
    return source.add_table_asset(name=name, table_name=suite.table, schema_name=suite.schema)


def _expectation(gx: Any, rule: Rule) -> Any:
    arguments = dict(rule.arguments)
    if arguments.get("max_value") == "tomorrow":
        arguments["max_value"] = datetime.now(UTC) + timedelta(days=1)
    return getattr(gx.expectations, rule.expectation)(
        **arguments, meta={"rule": rule.name}, notes=rule.description or None
    )


def _result(suite: Suite, rule: Rule, result: Any) -> CheckResult:
    raised = result.exception_info or {}
    failed_to_run = bool(raised.get("raised_exception")) or any(
        isinstance(info, dict) and info.get("raised_exception") for info in raised.values()
    )
    unexpected = result.result.get("unexpected_count")
    if failed_to_run:
        status, message = "error", f"{rule.description} It could not be evaluated."
    elif result.success:
        status, message = "pass", rule.description
    else:
        status = "fail" if rule.severity == "error" else "warn"
        message = f"{rule.description} {unexpected} rows break this."
    return CheckResult(
        name=rule.name,
        source="great_expectations",
        asset_name=suite.table,
        severity=rule.severity,
        status=status,  # type: ignore[arg-type]
        observed_value=None if unexpected is None else f"{unexpected} unexpected rows",
        message=message,
    )
