"""One run of the hub in this process: what `hub run` does, shows and returns."""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg

from ingestion.sources.registry import API_SOURCES
from orchestration.dbt import parsing_beside
from orchestration.defs.ingest.loads import load_job
from orchestration.following import follow_sales
from orchestration.ops.history import end_killed_runs, forget_old_runs
from orchestration.ops.location_managers import unknown_locations
from orchestration.ops.services import dagster_environment
from orchestration.planning import record
from orchestration.planning.hub import Stage, hub_items, next_of, plan_for
from orchestration.planning.items import Built
from orchestration.reporting.facts import facts
from orchestration.resources import (
    BUSINESS_TAG,
    EVERYTHING,
    INVOCATION_TAG,
    STAGE_TAG,
    WAITING,
)
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import hub_home
from warehouse.settings_tables import store_settings
from warehouse.turns import is_awaited, running

STEP_TITLES = {
    "load_spreadsheets": "Loading files",
    "load_sources": "Loading shops and books",
    "expectations_on_landed": "Checking landed rows",
    "dbt_models": "Building models",
    "expectations_on_marts": "Checking marts",
    "identify_customers": "Matching customers",
    "forecast_sales": "Forecasting",
    "estimate_price_elasticities": "Learning from prices",
    "judge_price_tests": "Judging price tests",
    "plan_reorders": "Planning orders",
    "plan_ingredients": "Planning ingredients",
    "plan_staffing": "Planning staff",
    "predict_customers": "Predicting customers",
    "find_basket_rules": "Finding what goes together",
    "choose_offers": "Choosing offers",
    "find_anomalies": "Looking for what was not as usual",
    "find_trends": "Looking where things are heading",
    "rank_insights": "Ranking what to do",
    "expectations_on_forecasts": "Checking forecasts",
    "publishing__dashboards": "Publishing dashboards",
    "publishing__data_docs": "Writing Data Docs",
    "send_alerts": "Telling what is news",
    "send_reports": "Sending reports that are due",
}

STORAGE_TIMEOUT_MS = 60_000
NOTHING_LOADED = (
    "Nothing could be loaded yet, so there is nothing to build from. Put a file into {inbox}, or "
    "connect a source: hub connect"
)

Report = Callable[[str], None]


@dataclass
class RunSummary:
    """What a run did and found.

    Attributes:
        run_id: of this call; the Dagster runs of it carry it as a tag.
        seconds: duration.
        rows: rows per table built or loaded.
        failures: what went wrong, in words.
        warnings: failed checks that stop nothing.
        facts: closing lines about the business's data.
    """

    run_id: str
    seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    checks_passed: int = 0
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Every step ended well and no error-severity check failed."""
        return not self.failures


def run_hub(
    warehouse: Warehouse,
    report: Report,
    *,
    only: Stage | None = None,
    everything: bool = False,
    full_refresh: bool = False,
    as_of_date: date | None = None,
    accepts_shrinking: bool = False,
    called_by: str | None = None,
) -> RunSummary:
    """Load, then bring up to date what the load and other changes made due; record it in Dagster.

    Args:
        warehouse: of the business to run.
        report: receives a line whenever a step begins or ends.
        only: one stage instead of everything; ``sales`` loads what was sold and looks again before
            it ends.
        everything: also what is up to date.
        full_refresh: build every table anew; implies ``everything``.
        as_of_date: the day to look from; None means the last complete day.
        accepts_shrinking: believe a source whose list is much shorter than it was.
        called_by: the Dagster run that this is done for, which fails with it and is told as one.
    """
    os.environ.update(dagster_environment(warehouse.business.folder))
    summary = RunSummary(run_id=called_by or str(uuid.uuid4()))
    began = time.monotonic()
    options = _run_config(full_refresh, as_of_date, accepts_shrinking)
    with (
        running(warehouse, lambda: report(WAITING)),
        dg.DagsterInstance.get() as instance,
        ExitStack() as stack,
    ):
        _store_events_quickly(instance)
        end_killed_runs(instance, warehouse.business.id)
        runs = _Runs(instance, options, warehouse, summary, report, only or EVERYTHING)
        if only is None:
            stack.enter_context(parsing_beside())
        if only in (None, "load"):
            used = [f"raw_{source.name}" for source in API_SOURCES if source.is_used(warehouse)]
            runs.execute(load_job(["raw_spreadsheets", *used]))
        if only == "check":
            runs.check()
        elif only == "sales":
            follow_sales(runs, warehouse, stays=called_by is not None)
        elif only is None and not _has_rows(warehouse):
            summary.failures.append(NOTHING_LOADED.format(inbox=warehouse.business.inbox))
        elif only != "load":
            store_settings(warehouse, as_of_date)
            runs.bring_up_to_date(only, everything=everything or full_refresh)
        if summary.failures and not called_by:
            summary.warnings += _tell_failure(warehouse, instance)
        forget_old_runs(instance, datetime.now(UTC))
    summary.warnings += [str(problem) for problem in unknown_locations(warehouse)]
    summary.seconds = time.monotonic() - began
    summary.facts = facts(warehouse)
    return summary


class _Runs:
    """The Dagster runs of one `hub run`: all in this process, one after the other."""

    def __init__(
        self, instance: dg.DagsterInstance, options: dict[str, object],
        warehouse: Warehouse, summary: RunSummary, report: Report, stage: str,
    ) -> None:  # fmt: skip
        self._instance, self._options = instance, options
        self._warehouse, self._summary, self._report = warehouse, summary, report
        self._stage = stage

    def is_awaited(self) -> bool:
        """Whether another run waits for this one, of whatever kind."""
        queued = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])
        return is_awaited(self._warehouse) or self._instance.get_runs_count(queued) > 0

    def bring_up_to_date(
        self,
        only: Stage | None,
        *,
        everything: bool = False,
        most: int | None = None,
        is_urgent: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Do what is due until nothing is: answers of models make further models due.

        Args:
            most: models and tests in one part of it.
            is_urgent: asked between the parts of it, whether something else has to be done first.

        Returns:
            Whether all of it was done.

        Raises:
            HubError: what was just done is due again, and would be without an end.
        """
        done: set[str] = set()
        failed: set[str] = set()
        names: list[str] = []
        while True:
            last = names
            todo = plan_for(self._warehouse, only, everything=everything, done=done, failed=failed)
            items = hub_items(self._warehouse)
            names = next_of(items, todo, only, most=most, done=done)
            if not names:
                return True
            if names == last:
                fix = "Run hub run --all. If it stays, report it with what hub run --plan says."
                raise HubError(f"{names[0]} was just done and is due again.", fix=fix)
            if done and is_urgent():
                return False
            before = self._built()
            self._bring_up_to_date(names)
            after = self._built()
            done.update(names)
            failed.update(name for name in names if after.get(name) == before.get(name))

    def check(self) -> None:
        """Every check of what was built."""
        from orchestration.planning.selection import checks_of, hub_job

        self.execute(hub_job(checks_of()))

    def _bring_up_to_date(self, names: Collection[str]) -> None:
        from orchestration.planning.selection import hub_job, selection_of

        self.execute(hub_job(selection_of(names)))

    def _built(self) -> dict[str, Built]:
        with self._warehouse.connect("transformer") as connection:
            return record.built(connection)

    @property
    def has_failed(self) -> bool:
        """Whether anything went wrong so far."""
        return bool(self._summary.failures)

    def execute(self, job: dg.JobDefinition) -> None:
        """One Dagster run of a part of the hub."""
        run_id = str(uuid.uuid4())
        self._instance.add_event_listener(run_id, _Watcher(self._summary, self._report))
        known = len(self._summary.failures)
        with _details_to(log_path()):
            result = job.execute_in_process(
                instance=self._instance,
                run_id=run_id,
                raise_on_error=False,
                run_config=self._options,
                tags={
                    BUSINESS_TAG: self._warehouse.business.id,
                    INVOCATION_TAG: self._summary.run_id,
                    STAGE_TAG: self._stage,
                },
            )
        if not result.success and len(self._summary.failures) == known:
            self._summary.failures.append(f"The run ended early; see {log_path()}")


def _store_events_quickly(instance: dg.DagsterInstance) -> None:
    """Half of the time that Dagster takes to store the hundreds of events of a run.

    By default each of them opens connections of its own, and asks which tables and columns the
    database has, in case that an older version of Dagster made it.
    """
    instance.optimize_for_webserver(
        statement_timeout=STORAGE_TIMEOUT_MS, pool_recycle=3600, max_overflow=20
    )
    storage: Any = instance.event_log_storage
    for name in ("has_table", "has_asset_key_col", "_has_asset_key_col_on_connection"):
        if hasattr(storage, name):
            setattr(storage, name, _asked_once(getattr(storage, name)))


def _asked_once(ask: Callable[..., bool]) -> Callable[..., bool]:
    """Asks once for each name, which comes last."""
    known: dict[str, bool] = {}

    def answer(*args: Any) -> bool:
        if args[-1] not in known:
            known[args[-1]] = ask(*args)
        return known[args[-1]]

    return answer


def _has_rows(warehouse: Warehouse) -> bool:
    """Whether anything was ever loaded; without, all models would be built, and empty."""
    with warehouse.connect("transformer") as connection:
        return any(table.startswith("raw_") for table in record.changes(connection))


def _tell_failure(warehouse: Warehouse, instance: dg.DagsterInstance) -> list[str]:
    """Tell whoever gets alerts; what hinders that must not hide the failure itself."""
    from orchestration.reporting.failures import tell_failed_runs

    try:
        return [str(error) for error in tell_failed_runs(warehouse, instance)]
    except (HubError, psycopg.Error) as error:
        return [f"The failure could not be told: {error}"]


def log_path() -> Path:
    """Where the details of runs started from the command line go."""
    folder = hub_home() / "logs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "runs.log"


@contextmanager
def _details_to(path: Path) -> Iterator[None]:
    """Send what dbt, Dagster and other libraries print to a file; the screen shows progress in
    words."""
    root = logging.getLogger()
    handlers = root.handlers
    with path.open("a", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        root.handlers = [logging.StreamHandler(log)]
        try:
            yield
        finally:
            root.handlers = handlers


def _run_config(
    full_refresh: bool, as_of_date: date | None, accepts_shrinking: bool
) -> dict[str, object]:
    options = {
        "full_refresh": full_refresh,
        "as_of_date": as_of_date.isoformat() if as_of_date else "",
        "accepts_shrinking": accepts_shrinking,
    }
    return {"resources": {"options": {"config": options}}}


class _Watcher:
    """Turns Dagster's events into progress lines and the summary's figures."""

    def __init__(self, summary: RunSummary, report: Report) -> None:
        self.summary = summary
        self.report = report
        self.began: dict[str, float] = {}

    def __call__(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None:
            return
        kind = event.event_type
        if kind == dg.DagsterEventType.STEP_START and event.step_key:
            self.began[event.step_key] = time.monotonic()
        elif kind == dg.DagsterEventType.STEP_SUCCESS and event.step_key:
            self._step_done(event.step_key)
        elif kind == dg.DagsterEventType.STEP_FAILURE and event.step_key:
            self._step_failed(event)
        elif kind == dg.DagsterEventType.ASSET_MATERIALIZATION:
            self._materialized(event)
        elif kind == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._checked(event)

    def _step_done(self, step: str) -> None:
        self.report(f"✓ {_title(step)} ({time.monotonic() - self.began[step]:.1f} s)")

    def _step_failed(self, event: dg.DagsterEvent) -> None:
        step = str(event.step_key)
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            text = data.user_failure_data.description
        else:
            text = data.error_display_string.strip() if data.error else "it failed"
        self.summary.failures.append(f"{_title(step)}: {text}")
        self.report(f"✗ {_title(step)}")

    def _materialized(self, event: dg.DagsterEvent) -> None:
        materialization = event.step_materialization_data.materialization
        count = materialization.metadata.get("dagster/row_count")
        if count is not None and isinstance(count.value, int):
            self.summary.rows["/".join(materialization.asset_key.path)] = count.value
        for name in ("load_report", "messages"):
            told = materialization.metadata.get(name)
            if isinstance(told, dg.TextMetadataValue) and told.text:
                for line in told.text.splitlines():
                    self.report(f"  {line}")

    def _checked(self, event: dg.DagsterEvent) -> None:
        check = event.asset_check_evaluation_data
        if check.passed:
            self.summary.checks_passed += 1
            return
        table = check.asset_key.path[-1]
        line = f"{table}: {check.check_name.replace('_', ' ')}. {check.description or ''}".strip()
        is_error = check.severity == dg.AssetCheckSeverity.ERROR
        (self.summary.failures if is_error else self.summary.warnings).append(line)


def _title(step: str) -> str:
    base = step.rstrip("0123456789").rstrip("_")
    return STEP_TITLES.get(step) or STEP_TITLES.get(base, step)
