"""What of a plan is called what in Dagster: its items as assets and asset checks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import dagster as dg

from ingestion.sources.registry import API_SOURCES
from orchestration.defs.check.suites import SUITES
from orchestration.defs.publish.assets import MESSAGE_KEYS
from orchestration.defs.transform.models import UNIQUE_ID


@dataclass(frozen=True)
class Selection:
    """Assets and checks of one Dagster run."""

    assets: frozenset[dg.AssetKey]
    checks: frozenset[dg.AssetCheckKey]


def loads_of(defs: dg.Definitions, schemas: Collection[str]) -> Selection:
    """The raw tables of some schemas, and the checks that come with loading them."""
    assets = {
        spec.key for step in _steps(defs) for spec in step.specs if spec.key.path[0] in schemas
    }
    checks = {
        spec.key
        for step in _steps(defs)
        for spec in step.check_specs
        if spec.asset_key in assets and UNIQUE_ID not in spec.metadata
    }
    return Selection(frozenset(assets), frozenset(checks))


def checks_of(defs: dg.Definitions) -> Selection:
    """All checks but those that only doing something answers: loading, and sending messages."""
    loads = {dg.AssetKey([f"raw_{each.name}", each.tables[0].name]) for each in API_SOURCES}
    return Selection(
        frozenset(),
        frozenset(
            check.key
            for step in (*_steps(defs), *(defs.asset_checks or ()))
            for check in step.check_specs
            if check.asset_key not in {*loads, *MESSAGE_KEYS}
        ),
    )


def selection_of(defs: dg.Definitions, names: Collection[str]) -> Selection:
    """The assets and checks of some items.

    Args:
        defs: the hub's definitions.
        names: of items, as in :mod:`orchestration.planning.hub`.
    """
    assets: set[dg.AssetKey] = set()
    checks: set[dg.AssetCheckKey] = set()
    for step in _steps(defs):
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


def _steps(defs: dg.Definitions) -> list[dg.AssetsDefinition]:
    return [step for step in defs.assets or () if isinstance(step, dg.AssetsDefinition)]


def _item_of(step: dg.AssetsDefinition, spec: dg.AssetSpec) -> str:
    if UNIQUE_ID in spec.metadata:
        return str(spec.metadata[UNIQUE_ID])
    if spec.key.path[0] == "publishing":
        return f"publication.{spec.key.path[-1]}"
    return f"task.{step.op.name}"
