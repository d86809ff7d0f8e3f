"""Runs that failed and have not been mended since: whoever gets alerts is told, once each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.events import DagsterEventType

from orchestration.reporting.alerts import channels_of, is_quiet_now
from orchestration.reporting.deliveries import open_log
from orchestration.reporting.messages import Message, one_line
from orchestration.reporting.pages import render
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.errors import HubError

# In whose database the run was; the daemon serves one business and needs no tag.
BUSINESS_TAG = "hub/business"
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
    """The last failed run of each job, unless a later run of this or the whole job went well."""
    records = instance.get_run_records(
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS],
            updated_after=now - LOOK_BACK,
        ),
        limit=_MOST_RUNS,
    )
    mended: set[str] = set()
    found = []
    for record in records:  # newest first
        run = record.dagster_run
        if run.tags.get(BUSINESS_TAG, business.id) != business.id:
            continue
        if run.status == dg.DagsterRunStatus.SUCCESS:
            mended.add(run.job_name)
        elif run.job_name not in mended and "whole_hub" not in mended:
            mended.add(run.job_name)
            moment = record.update_timestamp.replace(tzinfo=UTC)
            reason = _reason(instance, run.run_id)
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


def _reason(instance: dg.DagsterInstance, run_id: str) -> str:
    """The words of the steps that failed; those meant for the owner before any stack trace."""
    kinds = {DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE}
    lines = []
    for entry in instance.all_logs(run_id, of_type=kinds):
        event = entry.dagster_event
        if event is None:
            continue
        if event.event_type == DagsterEventType.STEP_FAILURE:
            failure = event.step_failure_data
            told = failure.user_failure_data.description if failure.user_failure_data else None
            error = failure.error.message.strip() if failure.error else ""
            lines.append(f"{event.step_key}: {told or error or 'it failed'}")
        elif not lines:
            lines.append(event.message or "It ended early.")
    return "\n".join(lines)[:_LONGEST_REASON] or "It ended early."
