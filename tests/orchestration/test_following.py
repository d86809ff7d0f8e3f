"""A run that follows the sales: what it waits for, and what ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from types import SimpleNamespace

import pytest

from ingestion.sources.news import News
from orchestration import following
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
    parts: list[int | None] = field(default_factory=list)
    is_held_back: bool = False

    @property
    def has_failed(self) -> bool:
        return False

    def is_awaited(self) -> bool:
        return self.seconds >= self.is_awaited_at

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds

    def ask(self, _warehouse: Warehouse) -> News:
        last = self.loaded[-1] if self.loaded and not self.is_held_back else -1.0
        made = [sale for sale in self.sales if sale <= self.seconds]
        newest = NOON + timedelta(seconds=max(made, default=-1.0))
        return News({"square": newest}, ["square"] if any(sale > last for sale in made) else [])

    def execute(self, _job: object) -> None:
        self.loaded.append(self.seconds)
        self.pass_by(5)

    def bring_up_to_date(self, *_: object, most: int | None, **__: object) -> bool:
        self.parts.append(most)
        self.pass_by(20)
        self.built.append(self.seconds)
        return True


@pytest.fixture
def follow(
    warehouse_factory: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Warehouse]:
    """Let a run of a real business follow the sales of a day."""

    def start(day: Day, *, stays: bool = True, edited_at: float | None = None) -> Warehouse:
        shop = warehouse_factory()
        toml = shop.business.folder / "business.toml"

        def sleep(seconds: float) -> None:
            day.pass_by(seconds)
            if edited_at and day.seconds >= edited_at:
                toml.write_text(toml.read_text().replace("Corner Shop", "Corner Café"))

        clock = SimpleNamespace(monotonic=lambda: day.seconds, sleep=sleep)
        monkeypatch.setattr(following, "time", clock)
        monkeypatch.setattr(following, "ask_for_news", day.ask)
        monkeypatch.setattr(following, "load_job", lambda names: names)
        monkeypatch.setattr(Business, "now", lambda _: NOON + timedelta(seconds=day.seconds))
        following.follow_sales(day, shop, stays=stays)
        return shop

    return start


def test_it_waits_for_the_next_sale_and_ends_after_a_quiet_hour(
    follow: Callable[..., Warehouse],
) -> None:
    follow(day := Day([0.0, 100.0, 1_000.0]))
    assert len(day.loaded) == 3
    assert day.loaded[1] - 100 <= following.LOOK_SECONDS
    assert day.loaded[2] - 1_000 <= following.SLOW_LOOK_SECONDS
    quiet = day.seconds - 1_000
    assert following.QUIET <= quiet <= following.QUIET + 60
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
    assert quiet.seconds <= 300 + following.SLOW_LOOK_SECONDS
    follow(rush := Day([float(second) for second in range(5_000)], is_awaited_at=300.0))
    assert rush.seconds <= 325
    assert rush.built, "what was loaded is built before"
    assert rush.built[-1] > rush.loaded[-1]


def test_what_can_wait_is_done_in_parts_only_while_sales_come_faster_than_it_is_done(
    follow: Callable[..., Warehouse],
) -> None:
    follow(day := Day([0.0, 100.0, 110.0, 200.0], is_awaited_at=300.0))
    assert day.parts == [None, None, following.MOST_AT_ONCE, None]


def test_it_ends_even_in_an_endless_rush(follow: Callable[..., Warehouse]) -> None:
    follow(day := Day([float(second) for second in range(20_000)]))
    assert following.LONGEST_FOLLOWING <= day.seconds <= following.LONGEST_FOLLOWING + 60


def test_a_sale_that_a_source_tells_of_and_does_not_give_is_asked_for_with_pauses(
    follow: Callable[..., Warehouse],
) -> None:
    follow(day := Day([0.0], is_awaited_at=500.0, is_held_back=True))
    pauses = [later - earlier for earlier, later in pairwise(day.loaded)]
    assert len(pauses) > 5
    assert min(pauses) >= 25 + following.SLOW_LOOK_SECONDS


def test_other_settings_end_it(follow: Callable[..., Warehouse]) -> None:
    follow(day := Day([0.0]), edited_at=200.0)
    assert 200 <= day.seconds <= 200 + 2 * following.SLOW_LOOK_SECONDS
