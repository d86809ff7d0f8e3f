"""What is told, and what is not: each rule by itself."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestration.reporting.selection import News, Rules, Told, is_quiet, select

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 9, 30, 10, tzinfo=UTC)  # twelve in Berlin
RULES = Rules(zone=BERLIN, daily_limit=5)


def _news(key: str, amount: float | None = 100.0, *, asked: bool = False) -> News:
    return News(
        key=key, kind=f"kind of {key}", subject=f"subject of {key}", headline=key, evidence="",
        action="", impact_amount=amount, is_asked_for=asked,
    )  # fmt: skip


def _told(hours_ago: float, amount: float | None = 100.0) -> Told:
    return Told(NOON - timedelta(hours=hours_ago), amount)


def _keys(news: tuple[News, ...]) -> list[str]:
    return [each.key for each in news]


def test_the_dearest_come_first_and_what_the_owner_asked_for_before_them() -> None:
    news = [_news("small", 10), _news("loss", -500), _news("none", None), _news("gain", 400)]
    asked = _news("asked", None, asked=True)
    assert _keys(select([*news, asked], {}, {}, RULES, NOON).told) == [
        "asked", "loss", "gain", "small", "none"]  # fmt: skip


def test_news_is_told_once_and_again_only_when_its_money_has_doubled() -> None:
    told = {"a": _told(100, 100.0), "b": _told(100, -100.0), "c": _told(100, None)}
    chosen = select(
        [_news("a", 199.0), _news("b", -200.0), _news("c", 900.0)], told, {}, RULES, NOON
    )
    assert _keys(chosen.told) == ["b"]
    assert {each.key: why for each, why in chosen.held} == {"a": "told before", "c": "told before"}


def test_beyond_the_budget_of_the_day_the_rest_is_counted_and_comes_tomorrow() -> None:
    news = [_news(f"n{number}", 100.0 - number) for number in range(8)]
    chosen = select(news, {"x": _told(1), "y": _told(30)}, {}, RULES, NOON)
    assert _keys(chosen.told) == ["n0", "n1", "n2", "n3"], "one was told today, one yesterday"
    assert chosen.more_count == 4
    told = {each.key: Told(NOON, each.impact_amount) for each in chosen.told}
    tomorrow = select(news, told, {}, RULES, NOON + timedelta(days=1))
    assert _keys(tomorrow.told) == ["n4", "n5", "n6", "n7"]
    assert tomorrow.more_count == 0


def test_the_day_of_the_budget_is_that_of_the_shop() -> None:
    late = datetime(2026, 9, 29, 22, 30, tzinfo=UTC)  # half past midnight on the 30th in Berlin
    rules = Rules(zone=BERLIN, daily_limit=1)
    assert select([_news("a")], {"x": Told(late, 1.0)}, {}, rules, NOON).more_count == 1
    utc = Rules(zone=ZoneInfo("UTC"), daily_limit=1)
    assert _keys(select([_news("a")], {"x": Told(late, 1.0)}, {}, utc, NOON).told) == ["a"]


@pytest.mark.parametrize("name", ["a", "kind of a", "subject of a"])
def test_a_key_a_kind_and_a_subject_can_be_snoozed_for_a_time(name: str) -> None:
    snoozes = {name: NOON + timedelta(hours=1)}
    chosen = select([_news("a"), _news("b")], {}, snoozes, RULES, NOON)
    assert _keys(chosen.told) == ["b"]
    assert chosen.held[0][1] == "snoozed"
    later = select([_news("a")], {}, snoozes, RULES, NOON + timedelta(hours=2))
    assert _keys(later.told) == ["a"]


def test_little_is_not_told_unless_the_owner_asked_or_no_sum_is_known() -> None:
    rules = Rules(zone=BERLIN, daily_limit=5, minimum_impact_amount=50)
    news = [_news("little", -49), _news("enough", -50), _news("asked", 1, asked=True)]
    chosen = select([*news, _news("none", None)], {}, {}, rules, NOON)
    assert _keys(chosen.told) == ["asked", "enough", "none"]


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ((time(21), time(7)), time(23), True),
        ((time(21), time(7)), time(6, 59), True),
        ((time(21), time(7)), time(7), False),
        ((time(21), time(7)), time(20, 59), False),
        ((time(12), time(14)), time(13), True),
        ((time(12), time(14)), time(14), False),
        (None, time(3), False),
    ],
)
def test_quiet_hours_are_those_of_the_shop_and_may_go_over_midnight(
    hours: tuple[time, time] | None, at: time, quiet: bool
) -> None:
    moment = datetime.combine(NOON.date(), at, BERLIN)
    assert is_quiet(hours, BERLIN, moment.astimezone(UTC)) is quiet


def test_quiet_hours_hold_everything_back_until_they_are_over() -> None:
    rules = Rules(zone=BERLIN, daily_limit=5, quiet_hours=(time(21), time(7)))
    night = datetime(2026, 9, 30, 3, tzinfo=BERLIN)
    held = select([_news("a")], {}, {}, rules, night)
    assert not held.told
    assert held.held[0][1] == "quiet hours"
    assert _keys(select([_news("a")], {}, {}, rules, night + timedelta(hours=4)).told) == ["a"]
