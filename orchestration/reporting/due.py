"""Weeks and months, and what is due to be told by the clock of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args

from warehouse.business import Business, Weekday

PeriodKind = Literal["weekly", "monthly"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
# A computer that was off sends later what was due; after that long it is old news.
CATCH_UP = timedelta(days=4)
_AFTER_QUIET = timedelta(hours=12)


@dataclass(frozen=True)
class Period:
    """A whole week or month."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def key(self) -> str:
        """Such as ``2026-W39`` or ``2026-09``; a week counts where most of its days lie."""
        if self.kind == "monthly":
            return f"{self.first:%Y-%m}"
        year, week, _ = (self.first + timedelta(days=3)).isocalendar()
        return f"{year}-W{week:02d}"

    def until(self, last: date) -> Period:
        """Its days up to one."""
        return Period(self.kind, self.first, min(self.last, last))

    def before(self) -> Period:
        """The week or month before."""
        end = self.first - timedelta(days=1)
        first = end.replace(day=1) if self.kind == "monthly" else end - timedelta(days=6)
        return Period(self.kind, first, end)

    def year_ago(self) -> Period:
        """The same month, or the week of 52 weeks ago, which has the same weekdays."""
        if self.kind == "weekly":
            year = timedelta(days=364)
            return Period(self.kind, self.first - year, self.last - year)
        first = self.first.replace(year=self.first.year - 1)
        return Period(self.kind, first, _month_end(first))


def last_period(kind: PeriodKind, day: date, week_start: Weekday = "monday") -> Period:
    """The newest week or month that is over at the end of a day."""
    if kind == "monthly":
        last = day if day == _month_end(day) else day.replace(day=1) - timedelta(days=1)
        return Period(kind, last.replace(day=1), last)
    since_start = (day.weekday() - WEEKDAYS.index(week_start)) % 7
    last = day if since_start == 6 else day - timedelta(days=since_start + 1)
    return Period(kind, last - timedelta(days=6), last)


def due_reports(business: Business, now: datetime) -> list[Period]:
    """The periods whose report should have gone out by now, and lately."""
    reports, here = business.reports, now.astimezone(business.zone)
    if reports is None:
        return []
    times: list[tuple[PeriodKind, datetime]] = []
    if reports.weekly:
        back = (here.weekday() - WEEKDAYS.index(reports.weekly.day)) % 7
        moment = _at(business, here.date() - timedelta(days=back), reports.weekly.at)
        times.append(("weekly", moment if moment <= now else moment - timedelta(days=7)))
    if reports.monthly:
        day = here.date().replace(day=reports.monthly.day)
        moment = _at(business, day, reports.monthly.at)
        if moment > now:
            before = (day.replace(day=1) - timedelta(days=1)).replace(day=reports.monthly.day)
            moment = _at(business, before, reports.monthly.at)
        times.append(("monthly", moment))
    return [
        last_period(kind, moment.date() - timedelta(days=1), business.week_start)
        for kind, moment in times
        if now - moment <= CATCH_UP
    ]


def due_keys(business: Business, now: datetime) -> list[str]:
    """One key per thing that is due, the same until it is done: reports, and the end of a night."""
    keys = [f"report {period.key}" for period in due_reports(business, now)]
    hours = business.alerts.quiet_hours if business.alerts else None
    if hours:
        end = _at(business, now.astimezone(business.zone).date(), hours[1])
        if timedelta(0) <= now - end <= _AFTER_QUIET:
            keys.append(f"alerts {end.date()}")
    return keys


def _at(business: Business, day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, business.zone)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
