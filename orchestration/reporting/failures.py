"""Runs that failed and have not been mended since: whoever gets alerts is told, once each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.reporting.alerts import channels_of, is_quiet_now
from orchestration.reporting.deliveries import open_log
from orchestration.reporting.messages import Message, one_line
from orchestration.reporting.pages import render
from orchestration.resources import (
    BUSINESS_TAG,
    EVERYTHING,
    HUB_RUN,
    INVOCATION_TAG,
    STAGE_TAG,
    WHOLE_HUB,
)
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.errors import HubError

# Who was away longer looks at the hub anyway.
LOOK_BACK = timedelta(days=2)
# A server that refused is not asked each minute.
PAUSE = timedelta(hours=1)
_MOST_RUNS = 50
_LONGEST_REASON = 1_500


@dataclass(frozen=True)
class FailedRun:
    """A run that did not do all its work."""

    run_id: str
    job_name: str
    failed_at: datetime
    reason: str


def tell_failed_runs(
    warehouse: Warehouse, instance: dg.DagsterInstance, now: datetime | None = None
) -> list[HubError]:
    """Tell of each failed run by mail and webhook; quiet hours hold it back until the next look.

    Returns:
        What did not go through.
    """
    business, now = warehouse.business, now or datetime.now(UTC)
    if business.alerts is None or is_quiet_now(business, now):
        return []
    failed = failed_runs(instance, business, now)
    if not failed:
        return []
    channels, problems = channels_of(business, business.alerts.recipients)
    with open_log(warehouse, now) as log:
        for run in failed:
            message = failure_message(business, run)
            for channel in channels:
                if log.has(channel, "failed_run", run.run_id):
                    continue
                if log.failed_since(channel, "failed_run", run.run_id, now - PAUSE):
                    continue
                error = log.send(channel, message, "failed_run", [(run.run_id, None)])
                problems += [error] if error else []
    return problems


def failed_runs(instance: dg.DagsterInstance, business: Business, now: datetime) -> list[FailedRun]:
    """The last run of each kind, if it failed and the whole hub did not run since.

    One call of `hub run` makes several runs, which count together.
    """
    records = instance.get_run_records(
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS],
            updated_after=now - LOOK_BACK,
        ),
        limit=_MOST_RUNS,
    )
    newest: dict[str, str] = {}  # the last call of each kind
    found = []
    for record in records:  # newest first
        run = record.dagster_run
        if run.tags.get(BUSINESS_TAG, business.id) != business.id:
            continue
        is_whole = run.job_name in (HUB_RUN, WHOLE_HUB)
        kind = run.tags.get(STAGE_TAG, EVERYTHING if is_whole else run.job_name)
        call = run.tags.get(INVOCATION_TAG, run.run_id)
        is_newest = newest.setdefault(kind, call) == call
        is_outdated = newest.get(EVERYTHING, call) != call
        if call != run.run_id and instance.get_run_by_id(call):
            continue  # it was done for another run, which fails with it
        reason = _reason(instance, run) if is_newest and not is_outdated else None
        if reason:
            moment = record.update_timestamp.replace(tzinfo=UTC)
            found.append(FailedRun(run.run_id, run.job_name, moment, reason))
    return found


def failure_message(business: Business, run: FailedRun) -> Message:
    """What failed, why, and what to do."""
    at = run.failed_at.astimezone(business.zone)
    headline = f"{business.name}: a run failed on {at:%Y-%m-%d at %H:%M}"
    text = (
        f"The run {run.job_name} did not do all its work. What it had done before stays; the\n"
        "numbers of the other steps are those of the last run that went well.\n\n"
        f"{run.reason}\n\nRun it again with: hub run. Details: Dagster, run {run.run_id[:8]}, or "
        "the file logs/runs.log of the hub's home."
    )
    paragraphs = [part.splitlines() for part in text.split("\n\n")]
    html = render("note.html", {"headline": headline, "paragraphs": paragraphs})
    return Message(subject=one_line(headline), text=text, html=html)


def _reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str | None:
    """What failed, in words; None where all went well.

    A source that could not be loaded fails a check and not its step, so that the others go on.
    """
    kinds = {
        dg.DagsterEventType.STEP_FAILURE,
        dg.DagsterEventType.RUN_FAILURE,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    }
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=kinds)]
    lines = [line for event in events if event and (line := _words(event))]
    if not lines and run.status == dg.DagsterRunStatus.FAILURE:
        lines = ["It ended early."]
    return "\n".join(lines)[:_LONGEST_REASON] or None


def _words(event: dg.DagsterEvent) -> str | None:
    """Words that are meant for the owner go before any stack trace."""
    if event.event_type == dg.DagsterEventType.STEP_FAILURE:
        failure = event.step_failure_data
        told = failure.user_failure_data.description if failure.user_failure_data else None
        error = failure.error.message.strip() if failure.error else ""
        return f"{event.step_key}: {told or error or 'it failed'}"
    if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        check = event.asset_check_evaluation_data
        if check.passed or check.severity != dg.AssetCheckSeverity.ERROR:
            return None
        name = check.check_name.replace("_", " ")
        return f"{check.asset_key.path[-1]}: {name}. {check.description or ''}".strip()
    return None
