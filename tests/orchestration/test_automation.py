"""What starts runs, and that runs of one business take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.definitions import defs
from orchestration.defs.automation.schedules import build_schedules
from orchestration.resources import (
    BUSINESS_VARIABLE,
    HUB_RUN,
    INVOCATION_TAG,
    BusinessResource,
    RunOptions,
)
from warehouse.database import Warehouse
from warehouse.turns import running


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Australia/Sydney", "Pacific/Auckland"])
def test_the_morning_is_that_of_the_shop(
    zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "business.toml").write_text(
        f'id = "shop"\nname = "Shop"\ntime_zone = "{zone}"\n'
        'currency_code = "USD"\ncountry_code = "US"\n'
    )
    monkeypatch.setenv(BUSINESS_VARIABLE, str(tmp_path))
    (schedule,) = build_schedules()
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 5 * * *", zone)


def test_definitions_load_without_a_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BUSINESS_VARIABLE, raising=False)
    (schedule,) = build_schedules()
    assert schedule.execution_timezone == "UTC"


def test_only_the_options_of_a_run_can_be_chosen_at_its_launch() -> None:
    for job in defs.resolve_all_job_defs():
        resources = job.run_config_schema.config_type.fields["resources"].config_type.fields
        choosable = {
            name: sorted(resource.config_type.fields["config"].config_type.fields)
            for name, resource in resources.items()
        }
        assert choosable == {
            "business": [],
            "io_manager": [],
            "options": [
                "accepts_shrinking", "as_of_date", "everything", "full_refresh", "only_sales",
            ],
        }, job.name  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [
        {"resources": {"business": {"config": {"folder": "/somewhere/else"}}}},
        {"resources": {"io_manager": {"config": {"base_dir": "/somewhere/else"}}}},
        {"resources": {"dbt": {"config": {"dbt_executable": "/bin/sh"}}}},
        {"resources": {"options": {"config": {"as_of_date": ["2026-01-01"]}}}},
    ],
    ids=lambda config: next(iter(next(iter(config.values())))),
)
def test_a_launch_that_wants_something_else_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(defs.resolve_job_def(HUB_RUN), config)


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "'; drop table x"])
def test_a_run_does_not_begin_with_a_day_that_is_none(day: str) -> None:
    with pytest.raises(ValueError, match="as_of_date"):
        RunOptions(as_of_date=day)


def _job(work: Callable[[], None]) -> dg.JobDefinition:
    @dg.op
    def step(business: BusinessResource) -> None:
        work()

    @dg.job(
        executor_def=dg.in_process_executor,
        resource_defs={"business": BusinessResource()},
    )
    def any_job() -> None:
        step()

    return any_job


def test_a_run_waits_for_another_of_its_business_and_not_for_others(
    warehouse_factory: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, other = warehouse_factory(), warehouse_factory()
    monkeypatch.setenv(BUSINESS_VARIABLE, str(shop.business.folder))
    happened: list[str] = []
    waits = threading.Event()

    def second() -> None:
        with running(shop, waits.set):
            happened.append("the second run")

    def first() -> None:
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(30)
        with running(other, lambda: happened.append("never")):
            happened.append("another business")
        happened.append("the first run")
        threads.append(thread)

    threads: list[threading.Thread] = []
    assert _job(first).execute_in_process().success
    threads[0].join(30)
    assert happened == ["another business", "the first run", "the second run"]


def test_the_runs_of_one_call_share_its_turn(
    warehouse_factory: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = warehouse_factory()
    monkeypatch.setenv(BUSINESS_VARIABLE, str(shop.business.folder))
    done: list[str] = []
    with running(shop, lambda: done.append("waited")):
        job = _job(lambda: done.append("ran"))
        assert job.execute_in_process(tags={INVOCATION_TAG: "call"}).success
    assert done == ["ran"]
