"""Puts the definitions together."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.automation.jobs import JOBS
from orchestration.defs.automation.schedules import build_schedules
from orchestration.defs.automation.sensors import SENSORS
from orchestration.defs.check.asset_checks import build_asset_checks
from orchestration.defs.ingest.api_sources import load_sources
from orchestration.defs.ingest.spreadsheets import load_spreadsheets
from orchestration.defs.predict.assets import build_prediction_assets
from orchestration.defs.publish.assets import alerts, dashboards, data_docs, reports
from orchestration.defs.transform.identity import build_identity_assets
from orchestration.defs.transform.models import build_dbt_assets
from orchestration.resources import run_resources


def build_defs() -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors.

    Needs neither credentials nor a database: both are asked for when a step runs.
    """
    return dg.Definitions(
        assets=[
            load_spreadsheets,
            load_sources,
            build_dbt_assets(),
            *build_identity_assets(),
            *build_prediction_assets(),
            dashboards,
            data_docs,
            alerts,
            reports,
        ],
        asset_checks=build_asset_checks(),
        jobs=JOBS,
        schedules=build_schedules(),
        sensors=SENSORS,
        resources=run_resources(),
        executor=dg.in_process_executor,
    )
