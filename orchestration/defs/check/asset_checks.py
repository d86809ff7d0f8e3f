"""Great Expectations rules as Dagster asset checks; a failed error stops what depends on it."""

from collections.abc import Iterable

import dagster as dg

from orchestration.defs.check.expectations import run_suites
from orchestration.defs.check.results import CheckResult, record
from orchestration.defs.check.suites import Stage, Suite, suites_of
from orchestration.planning.items import Built
from orchestration.planning.record import draw_number, remember
from orchestration.resources import BusinessResource

_PASSING = {"pass"}


def build_asset_checks() -> list[dg.AssetChecksDefinition]:
    """One step per stage: landed rows, marts, forecasts."""
    return [_stage_checks(stage) for stage in ("landed", "marts", "forecasts")]


def _stage_checks(stage: Stage) -> dg.AssetChecksDefinition:
    suites = suites_of(stage)

    @dg.multi_asset_check(name=f"expectations_on_{stage}", specs=_specs(suites), can_subset=True)
    def check(
        context: dg.AssetCheckExecutionContext, business: BusinessResource
    ) -> Iterable[dg.AssetCheckResult]:
        warehouse = business.warehouse()
        selected = {(key.asset_key, key.name) for key in context.selected_asset_check_keys}
        wanted = [
            suite
            for suite in suites
            if any(dg.AssetKey(suite.asset_key) == key for key, _ in selected)
        ]
        number = draw_number(warehouse)
        results = run_suites(warehouse, wanted)
        record(warehouse, context.run.run_id, results)
        failed = {result.asset_name for result in results if result.status in ("fail", "error")}
        passed = (suite for suite in wanted if suite.table not in failed)
        remember(warehouse, {suite.item: Built(suite.digest, number) for suite in passed})
        schemas = {suite.table: suite.schema for suite in suites}
        for result in results:
            key = dg.AssetKey([schemas[result.asset_name], result.asset_name])
            if (key, result.name) in selected:
                yield _asset_check_result(key, result)

    return check


def _specs(suites: Iterable[Suite]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            rule.name,
            asset=dg.AssetKey(suite.asset_key),
            description=rule.description,
            blocking=rule.severity == "error",
        )
        for suite in suites
        for rule in suite.rules
    ]


def _asset_check_result(key: dg.AssetKey, result: CheckResult) -> dg.AssetCheckResult:
    is_error = result.severity == "error" or result.status == "error"
    return dg.AssetCheckResult(
        check_name=result.name,
        asset_key=key,
        passed=result.status in _PASSING,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=result.message,
        metadata={"observed": result.observed_value or "nothing unexpected"},
    )
