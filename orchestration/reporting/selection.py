"""Which of the news is told now, to one recipient; pure, so that each rule can be tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

Why = Literal["too little", "snoozed", "told before", "quiet hours", "enough for today"]
# News is told again when its money has grown by this factor.
GROWN = 2.0


@dataclass(frozen=True)
class News:
    """One thing that may be told.

    Attributes:
        key: stays the same while it is the same news.
        kind: of news; can be snoozed as a whole, as can a subject.
        impact_amount: money at stake; None where none can be named.
        is_asked_for: the owner set a limit for it, so it comes first, whatever it is worth.
        link: to the chart that shows it.
    """

    key: str
    kind: str
    subject: str
    headline: str
    evidence: str
    action: str
    impact_amount: float | None = None
    impact_basis: str | None = None
    act_by_date: date | None = None
    is_asked_for: bool = False
    link: str | None = None

    @property
    def size(self) -> float:
        """Money, whether it is lost or can be won; news without a sum comes last."""
        return -1.0 if self.impact_amount is None else abs(self.impact_amount)


@dataclass(frozen=True)
class Told:
    """What the recipient knows already, by the news's key: when, and how much it was then."""

    at: datetime
    impact_amount: float | None


@dataclass(frozen=True)
class Rules:
    """The owner's settings, as far as they decide; see :class:`warehouse.business.Alerts`."""

    zone: ZoneInfo
    daily_limit: int
    minimum_impact_amount: float = 0.0
    quiet_hours: tuple[time, time] | None = None


@dataclass(frozen=True)
class Selection:
    """What is told, and why the rest is not."""

    told: tuple[News, ...]
    held: tuple[tuple[News, Why], ...]

    @property
    def more_count(self) -> int:
        """What is news, but too much for today."""
        return sum(why == "enough for today" for _, why in self.held)


def select(
    news: Iterable[News],
    told: Mapping[str, Told],
    snoozes: Mapping[str, datetime],
    rules: Rules,
    now: datetime,
) -> Selection:
    """Decide what one recipient is told.

    Args:
        news: all that is known now.
        told: what this recipient was told before.
        snoozes: until when a key, a kind or a subject is not told to anybody.
        rules: the owner's.
        now: with a time zone.
    """
    order = sorted(news, key=lambda each: (not each.is_asked_for, -each.size, each.key))
    chosen: list[News] = []
    held: list[tuple[News, Why]] = []
    left = rules.daily_limit - told_today(told.values(), rules.zone, now)
    for each in order:
        why = _reason(each, told, snoozes, rules, now)
        if why is None and len(chosen) >= left:
            why = "enough for today"
        if why is None:
            chosen.append(each)
        else:
            held.append((each, why))
    return Selection(tuple(chosen), tuple(held))


def _reason(
    news: News,
    told: Mapping[str, Told],
    snoozes: Mapping[str, datetime],
    rules: Rules,
    now: datetime,
) -> Why | None:
    is_small = news.impact_amount is not None and news.size < rules.minimum_impact_amount
    if is_small and not news.is_asked_for:
        return "too little"
    if any(snoozes[name] > now for name in (news.key, news.kind, news.subject) if name in snoozes):
        return "snoozed"
    if news.key in told and not _has_grown(news, told[news.key]):
        return "told before"
    if is_quiet(rules.quiet_hours, rules.zone, now):
        return "quiet hours"
    return None


def _has_grown(news: News, told: Told) -> bool:
    if news.impact_amount is None or not told.impact_amount:
        return False
    return abs(news.impact_amount) >= GROWN * abs(told.impact_amount)


def told_today(told: Iterable[Told], zone: ZoneInfo, now: datetime) -> int:
    """How many were told since midnight in the shop."""
    today = now.astimezone(zone).date()
    return sum(each.at.astimezone(zone).date() == today for each in told)


def is_quiet(hours: Sequence[time] | None, zone: ZoneInfo, now: datetime) -> bool:
    """Whether it is within the quiet hours, which may go over midnight."""
    if not hours:
        return False
    first, last = hours
    here = now.astimezone(zone).time()
    return first <= here < last if first < last else here >= first or here < last
