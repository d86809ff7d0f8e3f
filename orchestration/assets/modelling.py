"""The dbt models as assets, their tests as asset checks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from ingestion.sources.registry import API_SOURCES
from ingestion.sources.spreadsheets import ensure_raw_tables
from orchestration import dbt as hub_dbt
from orchestration.business_resource import BusinessResource, user_failure
from orchestration.checks.results import record, results_of_dbt
from orchestration.ml_tables import ensure_ml_tables
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.previews import table_metadata
from orchestration.run_options import RunOptions
from warehouse.database import Warehouse
from warehouse.errors import HubError

LOADED_FILES = dg.AssetKey(["raw_spreadsheets", "sales"])
WRITTEN_BY_THE_HUB = frozenset({"quality", "settings"})  # schemas that no asset loads


class HubTranslator(DagsterDbtTranslator):
    """Asset key = schema/table, so that raw tables, models and forecasts meet by name."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Key of a model, seed or source."""
        name = dbt_resource_props.get("identifier") or dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "source":
            name = name.split("__")[0]  # the lists of a document are loaded with it
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """What needs nothing else waits for the files, so that one dbt call builds it all."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        inner = [dep for dep in spec.deps if dep.asset_key.path[0] not in WRITTEN_BY_THE_HUB]
        return spec if inner else spec.replace_attributes(deps=[*spec.deps, LOADED_FILES])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The dbt group; seeds belong to modelling."""
        return dbt_resource_props.get("config", {}).get("group") or "modelling"

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
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        business: BusinessResource,
        options: RunOptions,
    ) -> Iterator[Any]:
        try:
            warehouse = business.warehouse()
            ensure_ml_tables(warehouse)
            ensure_raw_tables(warehouse)
            for source in API_SOURCES:
                source.ensure_tables(warehouse)
        except HubError as error:
            raise user_failure(error) from None
        flags = ["--full-refresh"] if options.full_refresh else []
        # A test runs with the last of the models it looks at, also when a forecast lies between.
        command = [
            "build", "--indirect-selection", "buildable",
            "--exclude-resource-type", "unit_test", "exposure", *flags,
        ]  # fmt: skip
        with hub_dbt.building(warehouse, options.as_of):
            invocation = dbt.cli(
                command,
                context=context,
                target_path=hub_dbt.target_path(warehouse.business),
                raise_on_error=False,
            )
            yield from _with_previews(context, invocation, warehouse)
        _record_tests(context, invocation, warehouse)
        if not invocation.is_successful():
            raise dg.Failure(description=_failure_text(invocation), allow_retries=False)

    return dbt_models


def _with_previews(
    context: dg.AssetExecutionContext, invocation: DbtCliInvocation, warehouse: Warehouse
) -> Iterator[Any]:
    """Pass dbt's events on; a finished table gets its row count and a preview."""
    for event in invocation.stream():
        if isinstance(event, dg.Output):
            key = context.asset_key_for_output(event.output_name)
            if key.path[0] == "marts":
                metadata = table_metadata(warehouse, "analyst", key.path)
                context.add_output_metadata(metadata, output_name=event.output_name)
        yield event


def _record_tests(
    context: dg.AssetExecutionContext, invocation: DbtCliInvocation, warehouse: Warehouse
) -> None:
    try:
        run_results = invocation.get_artifact("run_results.json")
    except FileNotFoundError:
        return  # dbt stopped before it ran anything; the run fails with its message
    results = results_of_dbt(run_results, invocation.manifest)
    record(warehouse, context.run_id, results)


def _failure_text(invocation: DbtCliInvocation) -> str:
    """Which models and tests failed, in dbt's own words."""
    try:
        results = invocation.get_artifact("run_results.json")["results"]
    except FileNotFoundError:
        error = invocation.get_error()
        return f"dbt could not start: {error}"
    failed = [item for item in results if item["status"] in ("error", "fail", "runtime error")]
    lines = [
        f"- {item['unique_id'].split('.', 2)[-1]}: {(item.get('message') or '').strip()}"
        for item in failed
    ]
    return "\n".join(["These models or tests failed; what depends on them was not built:", *lines])
