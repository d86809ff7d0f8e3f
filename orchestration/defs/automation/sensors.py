"""What starts runs: a new file, a sale, a message that is due, a run that failed."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg

from ingestion.sources.news import ask_for_news
from orchestration.defs.automation.jobs import hub_run, send_messages
from orchestration.ops.history import end_killed_runs
from orchestration.reporting.due import due_keys
from orchestration.reporting.failures import failed_runs, tell_failed_runs
from orchestration.resources import BUSINESS_TAG, STAGE_TAG, BusinessResource
from warehouse.errors import HubError
from warehouse.turns import turn_if_free

SENSOR_SECONDS = 30
MESSAGE_SECONDS = 60
# For the first sale after a quiet time: the run that it starts looks for the next ones itself.
SALES_SECONDS = 15
# A run that began longer ago and never ended was killed.
LONGEST_RUN = timedelta(hours=2)
ONLY_SALES: dict[str, Any] = {"resources": {"options": {"config": {"only_sales": True}}}}


@dg.sensor(
    name="new_file_in_the_inbox",
    job=hub_run,
    minimum_interval_seconds=SENSOR_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the hub when a spreadsheet is added to the inbox or changed.",
)
def new_file_in_the_inbox(
    context: dg.SensorEvaluationContext, business: BusinessResource
) -> dg.SensorResult | dg.SkipReason:
    """Request a run when the inbox differs from what the last look saw."""
    state = inbox_state(business.business().inbox)
    if context.cursor is None:
        # The first look only remembers: what lies there was loaded by the run that set it up.
        return dg.SensorResult(cursor=state, skip_reason="The inbox is being watched from now on.")
    if context.cursor == state:
        return dg.SkipReason("No new or changed file in the inbox.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=state)], cursor=state)


@dg.sensor(
    name="new_sales",
    job=hub_run,
    minimum_interval_seconds=SALES_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the hub for what was sold, when a till or the web shop has a new sale.",
)
def new_sales(
    context: dg.SensorEvaluationContext, business: BusinessResource
) -> dg.SensorResult | dg.SkipReason:
    """Ask each source when a sale changed last; each hour, what is usual by now moves on, too."""
    settings = business.business()
    if _a_run_goes_on(context.instance, settings.id):
        return dg.SkipReason("A run is under way; it looks for new sales itself.")
    seen = json.loads(context.cursor or "{}")
    seen = seen if seen.get("business") == settings.id else {}  # one Dagster serves them in turn
    known = {name: datetime.fromisoformat(at) for name, at in seen.get("newest", {}).items()}
    try:
        news = ask_for_news(business.prepared_warehouse(), known)
    except (HubError, psycopg.OperationalError) as error:
        raise dg.Failure(str(error)) from None
    for name, problem in news.problems.items():
        context.log.warning(f"{name}: {problem}")
    if not news.newest:
        return dg.SkipReason("No source shows sales as they are made.")
    hour = f"{settings.now():%Y-%m-%d %H}"
    newest = {name: moment.isoformat() for name, moment in news.newest.items()}
    cursor = json.dumps({"business": settings.id, "hour": hour, "newest": newest})
    if not news.sources and seen.get("hour", hour) == hour:
        return dg.SensorResult(skip_reason="No new sale.", cursor=cursor)
    tags = {BUSINESS_TAG: settings.id, STAGE_TAG: "sales"}
    run = dg.RunRequest(run_key=cursor, run_config=ONLY_SALES, tags=tags)
    return dg.SensorResult(run_requests=[run], cursor=cursor)


def _a_run_goes_on(instance: dg.DagsterInstance, business_id: str) -> bool:
    """Whether a run waits or is under way."""
    unfinished = instance.get_runs(
        dg.RunsFilter(
            statuses=[
                dg.DagsterRunStatus.QUEUED,
                dg.DagsterRunStatus.STARTING,
                dg.DagsterRunStatus.STARTED,
            ],
            created_after=datetime.now(UTC) - LONGEST_RUN,
        )
    )
    return any(run.tags.get(BUSINESS_TAG, business_id) == business_id for run in unfinished)


@dg.sensor(
    name="messages_are_due",
    job=send_messages,
    minimum_interval_seconds=MESSAGE_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends reports at their time, and after quiet hours what they held back.",
)
def messages_are_due(
    business: BusinessResource,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Request one run for each thing that is due; a computer that was off catches up."""
    due = due_keys(business.business(), datetime.now(UTC))
    if not due:
        yield dg.SkipReason("Nothing is due to be told.")
    yield from (dg.RunRequest(run_key=key) for key in due)


@dg.sensor(
    name="a_run_failed",
    minimum_interval_seconds=MESSAGE_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells by mail and webhook of each run that failed.",
)
def a_run_failed(context: dg.SensorEvaluationContext, business: BusinessResource) -> dg.SkipReason:
    """Look for failed runs of any kind, also of those that `hub run` started.

    Dagster's own sensor for failures sees neither these nor what quiet hours held back.
    """
    settings = business.business()
    with turn_if_free(business.prepared_warehouse()) as is_free:
        if is_free:
            end_killed_runs(context.instance, settings.id)
    if settings.alerts is None:
        return dg.SkipReason("Nobody gets alerts.")
    if not failed_runs(context.instance, settings, datetime.now(UTC)):
        return dg.SkipReason("No run failed lately.")
    problems = tell_failed_runs(business.warehouse(), context.instance)
    told = "; ".join(map(str, problems)) or "Every failed run has been told."
    return dg.SkipReason(told)


def inbox_state(inbox: Path) -> str:
    """A digest of the names, sizes and times of the files in the inbox."""
    digest = hashlib.sha256()
    for file in sorted(inbox.rglob("*")):
        if file.is_file() and not file.name.startswith((".", "~$")):
            status = file.stat()
            line = f"{file.relative_to(inbox)}|{status.st_size}|{status.st_mtime_ns}\n"
            digest.update(line.encode())
    return digest.hexdigest()


SENSORS = [new_file_in_the_inbox, new_sales, messages_are_due, a_run_failed]
