"""What of a plan is called what in Dagster: its items as assets and asset checks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import dagster as dg

from ingestion.sources.registry import API_SOURCES
from orchestration.definitions import defs
from orchestration.defs.check.suites import SUITES
from orchestration.defs.publish.assets import MESSAGE_KEYS
from orchestration.defs.transform.models import UNIQUE_ID
from orchestration.resources import WHOLE_HUB


@dataclass(frozen=True)
class Selection:
    """Assets and checks of one Dagster run."""

    assets: frozenset[dg.AssetKey]
    checks: frozenset[dg.AssetCheckKey]

    def is_in(self, step: dg.AssetsDefinition) -> bool:
        """Whether one step makes all of it."""
        return self.assets <= {*step.keys} and self.checks <= {*step.check_keys}


def hub_job(selection: Selection) -> dg.JobDefinition:
    """The part of the whole job that a selection is."""
    whole = _models_job() if selection.is_in(_models()) else defs.resolve_job_def(WHOLE_HUB)
    return whole.get_subset(
        asset_selection=selection.assets, asset_check_selection=selection.checks
    )


@cache
def _models_job() -> dg.JobDefinition:
    """The dbt step of the whole job, on its own.

    Beside other steps, Dagster may divide it, into parts that wait for each other.
    """
    definitions = dg.Definitions(
        assets=[_models()],
        jobs=[dg.define_asset_job(WHOLE_HUB, executor_def=dg.in_process_executor)],
        resources=defs.resources,
    )
    return definitions.resolve_job_def(WHOLE_HUB)


def checks_of() -> Selection:
    """All checks but those that only doing something answers: loading, and sending messages."""
    loads = {dg.AssetKey([f"raw_{each.name}", each.tables[0].name]) for each in API_SOURCES}
    return Selection(
        frozenset(),
        frozenset(
            check.key
            for step in (*_steps(), *(defs.asset_checks or ()))
            for check in step.check_specs
            if check.asset_key not in {*loads, *MESSAGE_KEYS}
        ),
    )


def selection_of(names: Collection[str]) -> Selection:
    """The assets and checks of some items.

    Args:
        names: of items, as in :mod:`orchestration.planning.hub`.
    """
    assets: set[dg.AssetKey] = set()
    checks: set[dg.AssetCheckKey] = set()
    for step in _steps():
        assets |= {spec.key for spec in step.specs if _item_of(step, spec) in names}
        checks |= {
            spec.key
            for spec in step.check_specs
            # A check without an item of its own comes with its asset.
            if spec.metadata.get(UNIQUE_ID, spec.asset_key) in {*names, *assets}
        }
    checks |= {
        dg.AssetCheckKey(dg.AssetKey(suite.asset_key), rule.name)
        for suite in SUITES
        if suite.item in names
        for rule in suite.rules
    }
    return Selection(frozenset(assets), frozenset(checks))


def _steps() -> list[dg.AssetsDefinition]:
    return [step for step in defs.assets or () if isinstance(step, dg.AssetsDefinition)]


@cache
def _models() -> dg.AssetsDefinition:
    return next(step for step in _steps() if step.op.name == "dbt_models")


def _item_of(step: dg.AssetsDefinition, spec: dg.AssetSpec) -> str:
    if UNIQUE_ID in spec.metadata:
        return str(spec.metadata[UNIQUE_ID])
    if spec.key.path[0] == "publishing":
        return f"publication.{spec.key.path[-1]}"
    return f"task.{step.op.name}"
