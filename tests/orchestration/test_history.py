"""Dagster's history has a bound, and what became of each asset and check last stays known."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from orchestration.ops.history import end_killed_runs, forget_old_runs
from orchestration.ops.services import dagster_environment
from orchestration.resources import BUSINESS_TAG, EVERYTHING, INVOCATION_TAG, STAGE_TAG
from warehouse.database import service_database_url
from warehouse.server import EmbeddedServer

NOW = datetime.now(UTC)


@dg.asset
def loaf() -> None:
    """Something that is made."""


@dg.asset_check(asset=loaf)
def is_brown() -> dg.AssetCheckResult:
    """Something that is checked."""
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster in a home of its own: other tests look at the runs of theirs."""
    home = Path(tempfile.mkdtemp(prefix="hub-history-"))
    home.chmod(0o755)
    monkeypatch.setenv("HUB_HOME", str(home))
    for name, value in dagster_environment(home).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as found:
        yield found
    EmbeddedServer(home).stop()
    shutil.rmtree(home)


def _run(instance: dg.DagsterInstance, stage: str) -> str:
    job = dg.Definitions(
        assets=[loaf],
        asset_checks=[is_brown],
        jobs=[dg.define_asset_job("bake")],
        executor=dg.in_process_executor,
    ).resolve_job_def("bake")
    return job.execute_in_process(instance=instance, tags={STAGE_TAG: stage}).run_id


def _count(table: str) -> int:
    with psycopg.connect(service_database_url("dagster")) as connection:
        row = connection.execute(f"select count(*) from {table}").fetchone()
    assert row
    return int(row[0])


def test_runs_for_sales_go_after_days_and_others_after_a_month(
    instance: dg.DagsterInstance,
) -> None:
    kept, sale, newest = (_run(instance, stage) for stage in (EVERYTHING, "sales", EVERYTHING))
    assert forget_old_runs(instance, NOW + timedelta(days=2)) == 0
    assert forget_old_runs(instance, NOW + timedelta(days=4)) == 1
    assert instance.get_run_by_id(sale) is None
    assert instance.all_logs(sale) == []
    assert _count("asset_check_executions") == 1, "the newest one"
    assert {run.run_id for run in instance.get_runs()} == {kept, newest}

    assert forget_old_runs(instance, NOW + timedelta(days=31)) == 2
    assert instance.get_runs() == []
    assert _count("event_logs") == _count("asset_event_tags") == 0
    assert _count("asset_check_executions") == 1
    (record,) = instance.get_asset_records([loaf.key])
    assert record.asset_entry.last_materialization_record, "Dagster still knows that it was made"


def test_what_a_killed_run_left_does_not_hold_up_the_queue(instance: dg.DagsterInstance) -> None:
    job = dg.job(name="bake")(lambda: None)
    mine, other = (
        instance.create_run_for_job(
            job,
            status=dg.DagsterRunStatus.STARTED,
            tags={BUSINESS_TAG: business, INVOCATION_TAG: "killed"},
        )
        for business in ("mine", "other")
    )
    asked = instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={BUSINESS_TAG: "mine"}
    )
    assert end_killed_runs(instance, "mine") == 1
    found = {run.run_id: run.status for run in instance.get_runs()}
    assert found == {
        mine.run_id: dg.DagsterRunStatus.FAILURE,
        other.run_id: dg.DagsterRunStatus.STARTED,
        asked.run_id: dg.DagsterRunStatus.STARTED,
    }
    assert end_killed_runs(instance, "mine") == 0


def test_a_long_neglected_history_goes_in_steps(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.ops.history.MOST_AT_ONCE", 2)
    for _ in range(3):
        _run(instance, EVERYTHING)
    later = NOW + timedelta(days=31)
    assert [forget_old_runs(instance, later) for _ in range(3)] == [2, 1, 0]
