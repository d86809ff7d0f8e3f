"""The part of the hub that loads, by itself.

All definitions need dbt, which takes seconds to import: too long for a run that finds nothing new.
"""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg

from orchestration.defs.ingest.api_sources import load_sources
from orchestration.defs.ingest.spreadsheets import load_spreadsheets
from orchestration.resources import WHOLE_HUB, run_resources

LOADS = (load_spreadsheets, load_sources)


def load_job(schemas: Collection[str]) -> dg.JobDefinition:
    """The part of the whole job that loads the raw tables of some schemas."""
    assets = [spec.key for step in LOADS for spec in step.specs if spec.key.path[0] in schemas]
    definitions = dg.Definitions(
        assets=LOADS,
        jobs=[dg.define_asset_job(WHOLE_HUB, executor_def=dg.in_process_executor)],
        resources=run_resources(),
    )
    checks = {check.key for step in LOADS for check in step.check_specs}
    return definitions.resolve_job_def(WHOLE_HUB).get_subset(
        asset_selection=frozenset(assets),
        asset_check_selection=frozenset(key for key in checks if key.asset_key in assets),
    )
