"""The jobs that schedules, sensors and the command line start."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from orchestration.defs.publish.assets import MESSAGE_KEYS
from orchestration.resources import HUB_RUN, WHOLE_HUB, BusinessResource, RunOptions, user_failure
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
            only="sales" if options.only_sales else None,
            everything=options.everything,
            full_refresh=options.full_refresh,
            as_of_date=options.as_of,
            accepts_shrinking=options.accepts_shrinking,
            called_by=context.run.run_id,
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


JOBS: Sequence[Any] = [
    hub_run,
    dg.define_asset_job(
        WHOLE_HUB,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        description="Load, model, forecast, check and publish, also what is up to date.",
    ),
    send_messages := dg.define_asset_job(
        "send_messages",
        selection=dg.AssetSelection.assets(*MESSAGE_KEYS),
        executor_def=dg.in_process_executor,
        description="Send what is due.",
    ),
]
