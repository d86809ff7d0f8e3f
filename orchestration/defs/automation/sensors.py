"""What starts runs: a new file, a sale, a message that is due, a run that failed."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg

from orchestration.defs.automation.jobs import hub_run, send_messages
from orchestration.live import LIVE_MARTS, Look, look
from orchestration.reporting.due import due_keys
from orchestration.reporting.failures import BUSINESS_TAG, failed_runs, tell_failed_runs
from orchestration.resources import BusinessResource
from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse
from warehouse.errors import HubError
from warehouse.vault import Vault, open_vault

SENSOR_SECONDS = 30
MESSAGE_SECONDS = 60
LIVE_SECONDS = 15
# A run that began longer ago and never ended was killed.
LONGEST_RUN = timedelta(hours=2)
_KEPT: dict[tuple[Path, int], tuple[Warehouse, Vault]] = {}


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
    name="sales_of_today",
    minimum_interval_seconds=LIVE_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Loads new sales as they are made, and builds the marts of the dashboard Today.",
)
def sales_of_today(
    context: dg.SensorEvaluationContext, business: BusinessResource
) -> dg.SensorResult | dg.SkipReason:
    """Look for new sales; what was loaded and built shows as materialized, without a run.

    A run would take longer to start than the whole look takes.
    """
    business_id = business.business().id
    if _a_run_goes_on(context.instance, business_id):
        return dg.SkipReason("A run is under way; it loads what is new itself.")
    newest, built_at = _last_look(context.cursor, business_id)
    try:
        found = look(*_opened(business.path()), newest, built_at)
    except (HubError, psycopg.OperationalError) as error:
        _KEPT.clear()
        raise dg.Failure(str(error)) from None
    if found.problems:
        context.log.warning("\n".join(f"{name}: {text}" for name, text in found.problems.items()))
    told = ", ".join(f"{name}: {count} orders" for name, count in found.orders.items())
    return dg.SensorResult(
        cursor=_cursor(found, business_id),
        asset_events=_materialized(found, has_built=found.built_at != built_at),
        skip_reason=None if told else "No new sale.",
    )


def _opened(folder: Path) -> tuple[Warehouse, Vault]:
    """The warehouse and vault of a business, kept: preparing them costs more than a look does."""
    changed_at = (folder / "business.toml").stat().st_mtime_ns
    if (folder, changed_at) not in _KEPT:
        _KEPT.clear()
        warehouse = open_warehouse(load_business(folder))
        _KEPT[folder, changed_at] = (warehouse, open_vault(warehouse))
    return _KEPT[folder, changed_at]


def _a_run_goes_on(instance: dg.DagsterInstance, business_id: str) -> bool:
    """Whether a run is under way; between its steps it must find what it has loaded, no more."""
    started = instance.get_runs(
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED],
            created_after=datetime.now(UTC) - LONGEST_RUN,
        )
    )
    return any(run.tags.get(BUSINESS_TAG, business_id) == business_id for run in started)


def _cursor(found: Look, business_id: str) -> str:
    kept = {"business": business_id, "newest": found.newest, "built_at": found.built_at}
    return json.dumps(kept, default=str)


def _last_look(cursor: str | None, business_id: str) -> tuple[dict[str, datetime], datetime | None]:
    """What the last look found, if it was at this business: one Dagster serves them in turn."""
    kept = json.loads(cursor) if cursor else {}
    if kept.get("business") != business_id:
        return {}, None
    newest = {name: datetime.fromisoformat(moment) for name, moment in kept["newest"].items()}
    return newest, datetime.fromisoformat(kept["built_at"]) if kept["built_at"] else None


def _materialized(found: Look, *, has_built: bool) -> list[dg.AssetMaterialization]:
    events = [
        dg.AssetMaterialization([f"raw_{name}", "orders"], metadata={"orders": count})
        for name, count in found.orders.items()
    ]
    if has_built:
        events += [dg.AssetMaterialization(["marts", name]) for name in LIVE_MARTS]
    return events


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


SENSORS = [new_file_in_the_inbox, sales_of_today, messages_are_due, a_run_failed]
