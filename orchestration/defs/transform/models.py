"""The dbt models as assets, their tests as asset checks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtProject,
    dbt_assets,
)

from ingestion.sources.registry import API_SOURCES
from ingestion.sources.spreadsheets import ensure_raw_tables
from orchestration import dbt as hub_dbt
from orchestration.dbt import NodeResult
from orchestration.defs.check.results import record, results_of_tests
from orchestration.ml_tables import ensure_ml_tables
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.planning.work import bring_up_to_date
from orchestration.previews import table_metadata
from orchestration.resources import FRESHNESS, BusinessResource, RunOptions, user_failure
from warehouse.database import Warehouse
from warehouse.errors import HubError

UNIQUE_ID = "dagster_dbt/unique_id"  # where dagster-dbt keeps dbt's name of an asset or a check
FAILED = ("error", "fail", "runtime error")
WRITTEN_BY_THE_HUB = frozenset({"quality", "settings"})  # schemas that no asset loads
CLOCK_MODEL = "model.hub.stg_settings__clock"
LOADED_FILES = dg.AssetKey(["raw_spreadsheets", "sales"])


class HubTranslator(DagsterDbtTranslator):
    """Asset key = schema/table, so that raw tables, models and forecasts meet by name."""

    def __init__(self, settings: DagsterDbtTranslatorSettings) -> None:
        super().__init__(settings)
        self._daily_nodes: set[str] = set()

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Key of a model, seed or source."""
        name = dbt_resource_props.get("identifier") or dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "source":
            name = name.split("__")[0]  # the lists of a document are loaded with it
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """What needs nothing else waits for the files, so that one dbt call builds it all.

        Of the marts, those that name the date are made anew each day, and only they are ever stale.
        """
        spec = super().get_asset_spec(manifest, unique_id, project)
        if spec.key.path[0] == "marts" and unique_id in self._daily(manifest):
            spec = spec.replace_attributes(freshness_policy=FRESHNESS)
        inner = [dep for dep in spec.deps if dep.asset_key.path[0] not in WRITTEN_BY_THE_HUB]
        return spec if inner else spec.replace_attributes(deps=[*spec.deps, LOADED_FILES])

    def _daily(self, manifest: Mapping[str, Any]) -> set[str]:
        """The nodes that follow from the date."""
        if not self._daily_nodes:
            waiting = [CLOCK_MODEL]
            while waiting:
                children = {*manifest["child_map"][waiting.pop()]} - self._daily_nodes
                self._daily_nodes |= children
                waiting += children
        return self._daily_nodes

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The dbt group; seeds belong to modelling."""
        return dbt_resource_props.get("config", {}).get("group") or "modelling"

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the project says of it, without its SQL: Dagster's daemon reads the descriptions of
        all assets each minute."""
        named = f"dbt {dbt_resource_props['resource_type']} {dbt_resource_props['name']}"
        return str(dbt_resource_props.get("description") or named)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """The team that owns the group."""
        return [OWNER_BY_GROUP[self.get_group_name(dbt_resource_props) or "modelling"]]


def build_dbt_assets() -> dg.AssetsDefinition:
    """The whole dbt project as one step per stretch between Python assets."""
    translator = HubTranslator(
        DagsterDbtTranslatorSettings(
            enable_asset_checks=True,
            enable_source_tests_as_checks=True,
            enable_duplicate_source_asset_keys=True,
        )
    )

    @dbt_assets(
        manifest=hub_dbt.manifest_path(),
        dagster_dbt_translator=translator,
        name="dbt_models",
        exclude="resource_type:unit_test",
    )
    def dbt_models(
        context: dg.AssetExecutionContext, business: BusinessResource, options: RunOptions
    ) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
        keys = _selected(context)
        try:
            warehouse = business.warehouse()
            ensure_sources(warehouse)
            results = bring_up_to_date(
                warehouse, keys, full_refresh=options.full_refresh, as_of_date=options.as_of
            )
        except HubError as error:
            raise user_failure(error) from None
        record(warehouse, context.run.run_id, results_of_tests(results))
        yield from _events(results, keys, warehouse)
        failed = [result for result in results if result.status in FAILED]
        if failed:
            raise dg.Failure(description=_failure_text(failed), allow_retries=False)

    return dbt_models


def ensure_sources(warehouse: Warehouse) -> None:
    """Create what is missing of the tables that models read, so that all of them can be built."""
    ensure_ml_tables(warehouse)
    ensure_raw_tables(warehouse)
    for source in API_SOURCES:
        source.ensure_tables(warehouse)


def _selected(context: dg.AssetExecutionContext) -> dict[str, dg.AssetKey | dg.AssetCheckKey]:
    """What the step is to build and to test, by dbt's unique id."""
    found: dict[str, dg.AssetKey | dg.AssetCheckKey] = {
        spec.metadata[UNIQUE_ID]: spec.key
        for spec in context.assets_def.specs
        if spec.key in context.selected_asset_keys
    }
    found |= {
        spec.metadata[UNIQUE_ID]: spec.key
        for spec in context.assets_def.check_specs
        if spec.key in context.selected_asset_check_keys
    }
    return found


def _events(
    results: Sequence[NodeResult],
    keys: Mapping[str, dg.AssetKey | dg.AssetCheckKey],
    warehouse: Warehouse,
) -> Iterator[dg.MaterializeResult[object] | dg.AssetCheckResult]:
    """What became of each node, as Dagster shows it; a mart gets its row count and a preview."""
    for result in results:
        key = keys[result.unique_id]
        if isinstance(key, dg.AssetCheckKey):
            if result.status != "skipped":
                yield _check_result(result, key)
        elif result.is_fine:
            preview = (
                table_metadata(warehouse, "analyst", key.path) if key.path[0] == "marts" else {}
            )
            yield dg.MaterializeResult(
                asset_key=key, metadata={"seconds": result.seconds, **preview}
            )


def _check_result(result: NodeResult, key: dg.AssetCheckKey) -> dg.AssetCheckResult:
    is_warning = result.status == "warn"
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=result.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR,
        description=result.message,
        metadata={"failing_rows": result.failures or 0, "seconds": result.seconds},
    )


def _failure_text(failed: Sequence[NodeResult]) -> str:
    """Which models and tests failed, in dbt's own words."""
    lines = [
        f"- {result.unique_id.split('.', 2)[-1]}: {(result.message or '').strip()}"
        for result in failed
    ]
    return "\n".join(["These models or tests failed; what depends on them was not built:", *lines])
