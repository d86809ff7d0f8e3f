"""A run that follows the sales: what it waits for, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import dagster as dg
import pytest

from ingestion.sources.news import News
from orchestration import runner
from warehouse.business import Business
from warehouse.database import Warehouse

NOON = datetime(2026, 9, 30, 12, tzinfo=timezone(timedelta(hours=-4)))


@dataclass
class Day:
    """The world around the run: time passes only when it sleeps or works."""

    sales: list[float]
    is_awaited_at: float = float("inf")
    seconds: float = 0.0
    loaded: list[float] = field(default_factory=list)
    built: list[float] = field(default_factory=list)
    looks: int = 0

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds

    def ask(self, _warehouse: Warehouse) -> News:
        self.looks += 1
        last = self.loaded[-1] if self.loaded else -1.0
        is_news = any(last < sale <= self.seconds for sale in self.sales)
        return News({"square": NOON}, ["square"] if is_news else [])

    def load(self, _job: object) -> None:
        self.loaded.append(self.seconds)
        self.pass_by(5)

    def build(self, *_: object, **__: object) -> bool:
        self.pass_by(20)
        self.built.append(self.seconds)
        return True


@pytest.fixture
def follow(
    warehouse_factory: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Warehouse]]:
    """Let a run of a real business follow the sales of a day."""
    with dg.DagsterInstance.ephemeral() as instance:

        def start(day: Day, *, stays: bool = True, edited_at: float | None = None) -> Warehouse:
            shop = warehouse_factory()
            toml = shop.business.folder / "business.toml"

            def sleep(seconds: float) -> None:
                day.pass_by(seconds)
                if edited_at and day.seconds >= edited_at:
                    toml.write_text(toml.read_text().replace("Corner Shop", "Corner Café"))

            runs = runner._Runs(instance, {}, shop, runner.RunSummary(""), print, "sales")
            monkeypatch.setattr(runs, "execute", day.load)
            monkeypatch.setattr(runs, "bring_up_to_date", day.build)
            clock = SimpleNamespace(monotonic=lambda: day.seconds, sleep=sleep)
            monkeypatch.setattr(runner, "time", clock)
            monkeypatch.setattr(runner, "ask_for_news", day.ask)
            monkeypatch.setattr(runner, "load_job", lambda names: names)
            monkeypatch.setattr(runner, "is_awaited", lambda _: day.seconds >= day.is_awaited_at)
            monkeypatch.setattr(Business, "now", lambda _: NOON + timedelta(seconds=day.seconds))
            runs.follow_sales(stays=stays)
            return shop

        yield start


def test_it_waits_for_the_next_sale_and_ends_after_a_quiet_hour(
    follow: Callable[..., Warehouse],
) -> None:
    follow(day := Day([0.0, 100.0, 1_000.0]))
    assert len(day.loaded) == 3
    assert day.loaded[1] - 100 <= runner.LOOK_SECONDS
    assert day.loaded[2] - 1_000 <= runner.SLOW_LOOK_SECONDS
    quiet = day.seconds - 1_000
    assert runner.QUIET <= quiet <= runner.QUIET + 60
    # The first three are for the sales; the fourth, without a load, for the hour that is over.
    assert len(day.built) == 4


def test_one_by_hand_ends_when_nothing_is_left(follow: Callable[..., Warehouse]) -> None:
    follow(day := Day([0.0, 100.0]), stays=False)
    assert (len(day.loaded), day.seconds) == (1, 25.0)


def test_without_news_all_are_loaded_once_and_nothing_is_waited_for(
    follow: Callable[..., Warehouse],
) -> None:
    follow(day := Day([100.0]))
    assert (len(day.loaded), day.seconds) == (1, 25.0)


def test_another_run_ends_it_also_in_the_rush(follow: Callable[..., Warehouse]) -> None:
    follow(quiet := Day([0.0], is_awaited_at=300.0))
    assert quiet.seconds <= 300 + runner.SLOW_LOOK_SECONDS
    follow(rush := Day([float(second) for second in range(5_000)], is_awaited_at=300.0))
    assert rush.seconds <= 325
    assert rush.built, "what was loaded is built before"
    assert rush.built[-1] > rush.loaded[-1]


def test_it_ends_even_in_an_endless_rush(follow: Callable[..., Warehouse]) -> None:
    follow(day := Day([float(second) for second in range(20_000)]))
    assert runner.LONGEST_FOLLOWING <= day.seconds <= runner.LONGEST_FOLLOWING + 60


def test_other_settings_end_it(follow: Callable[..., Warehouse]) -> None:
    follow(day := Day([0.0]), edited_at=200.0)
    assert 200 <= day.seconds <= 200 + 2 * runner.SLOW_LOOK_SECONDS
