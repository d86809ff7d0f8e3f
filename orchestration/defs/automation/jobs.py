"""The jobs: what the hub runs by itself and from the command line, and parts to start by hand."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import dagster as dg

from ingestion.sources.registry import API_SOURCES
from orchestration.defs.predict.assets import TASKS
from orchestration.resources import HUB_RUN, BusinessResource, RunOptions, user_failure
from warehouse.errors import HubError


@dg.op(description="Loads, and brings up to date what the load and other changes made due.")
def run_what_is_due(
    context: dg.OpExecutionContext, business: BusinessResource, options: RunOptions
) -> None:
    """What `hub run` does; each of its parts is a run of its own, with its assets and checks."""
    from orchestration.runner import run_hub  # it reads the definitions that this belongs to

    try:
        summary = run_hub(
            business.warehouse(),
            context.log.info,
            everything=options.everything,
            full_refresh=options.full_refresh,
            as_of_date=options.as_of,
            accepts_shrinking=options.accepts_shrinking,
            called_by=context.run_id,
        )
    except HubError as error:
        raise user_failure(error) from None
    for warning in summary.warnings:
        context.log.warning(warning)
    if summary.failures:
        raise dg.Failure(description="\n".join(summary.failures), allow_retries=False)


@dg.job(
    name=HUB_RUN,
    executor_def=dg.in_process_executor,
    description="What `hub run` does: load, and build, forecast, check and publish what is due.",
)
def hub_run() -> None:
    """Load, and bring up to date what is due."""
    run_what_is_due()


_job = partial(dg.define_asset_job, executor_def=dg.in_process_executor)
_INGESTION = dg.AssetSelection.groups(
    "ingest_spreadsheets", "ingest_shopify", "ingest_square", "ingest_quickbooks"
)
_PUBLISHING = dg.AssetSelection.groups("publishing")
# The answers of the models, and the models in SQL that show them.
_PREDICTION = (
    dg.AssetSelection.assets(*(["ml", name] for task in TASKS for name in task.tables)).downstream()
    - _PUBLISHING
)
_MESSAGE_KEYS = [dg.AssetKey(["publishing", name]) for name in ("alerts", "reports")]
# Whether a source could be loaded is known by loading it, not by looking; the same goes for
# messages.
_LOADS = dg.AssetSelection.checks_for_assets(
    *(dg.AssetKey([f"raw_{source.name}", source.tables[0].name]) for source in API_SOURCES)
)
JOBS: Sequence[Any] = [
    hub_run,
    _job(
        "whole_hub",
        selection=dg.AssetSelection.all(),
        description="Load, model, forecast, check and publish, also what is up to date.",
    ),
    _job(
        "load",
        selection=_INGESTION,
        description="Read new files of the inbox, and what changed at the sources.",
    ),
    _job(
        "build_models",
        selection=dg.AssetSelection.all() - _INGESTION - _PREDICTION - _PUBLISHING,
        description="Build all models from what is loaded.",
    ),
    _job("predict", selection=_PREDICTION, description="Forecast from the models."),
    _job(
        "check_quality",
        selection=dg.AssetSelection.all_asset_checks()
        - _LOADS
        - dg.AssetSelection.checks_for_assets(*_MESSAGE_KEYS),
        description="Check landed rows, marts and forecasts.",
    ),
    send_messages := _job(
        "send_messages",
        selection=dg.AssetSelection.assets(*_MESSAGE_KEYS),
        description="Send what is due.",
    ),
]
