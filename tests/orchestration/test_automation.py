"""What starts runs, and that runs of one business take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.automation.schedules import build_schedules
from orchestration.resources import BUSINESS_VARIABLE, INVOCATION_TAG, BusinessResource
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


def _job(shop: Warehouse, work: Callable[[], None]) -> dg.JobDefinition:
    @dg.op
    def step(business: BusinessResource) -> None:
        work()

    @dg.job(
        executor_def=dg.in_process_executor,
        resource_defs={"business": BusinessResource(folder=str(shop.business.folder))},
    )
    def any_job() -> None:
        step()

    return any_job


def test_a_run_waits_for_another_of_its_business_and_not_for_others(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    shop, other = warehouse_factory(), warehouse_factory()
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
    assert _job(shop, first).execute_in_process().success
    threads[0].join(30)
    assert happened == ["another business", "the first run", "the second run"]


def test_the_runs_of_one_call_share_its_turn(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    shop = warehouse_factory()
    done: list[str] = []
    with running(shop, lambda: done.append("waited")):
        job = _job(shop, lambda: done.append("ran"))
        assert job.execute_in_process(tags={INVOCATION_TAG: "call"}).success
    assert done == ["ran"]
