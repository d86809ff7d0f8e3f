"""Compares a period with an earlier one where the records of a mart reach back far enough.

Knows dates and Superset's parameters for a comparison; it asks no database.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hub_bi.charts import BigNumber, Chart, OverTime

YEAR_BEFORE, PERIOD_BEFORE = "1 year ago", "inherit"
WORDS = {YEAR_BEFORE: "a year ago", PERIOD_BEFORE: "before"}
# Records that begin on the second of a month begin with the month: the first was a holiday.
CLOSED_DAYS = 3
# A younger business does better with its newest half beside the half before.
SHORTEST_DAYS_BESIDE_LAST_YEAR = 84
PER_CENT = "+.1%"
MONTH = "P1M"


@dataclass(frozen=True)
class Period:
    """The days that dashboards open on (the end is excluded), and what they are compared with."""

    start: date
    end: date
    beside: str = ""

    @property
    def written(self) -> str:
        """The period as Superset writes a range of days."""
        return f"{self.start.isoformat()} : {self.end.isoformat()}"

    @property
    def earlier_start(self) -> date:
        """The first day of the period that it is compared with."""
        if self.beside == PERIOD_BEFORE:
            return self.start - (self.end - self.start)
        return _years_later(self.start, -1)


def opening_period(first: date | None, as_of: date) -> Period:
    """Return the period for records from one day to another.

    Up to twelve months, from the first of one, beside those a year before; the months that have
    a year before them where these are fewer; else the newest half of the records, in whole
    weeks, beside the half before.
    """
    end = as_of + timedelta(days=1)
    start = _month_start(_years_later(end, -1))
    if first is None:
        return Period(start, end)
    a_year_on = max(_years_later(_month_start(first, CLOSED_DAYS), 1), start)
    if (end - a_year_on).days >= SHORTEST_DAYS_BESIDE_LAST_YEAR:
        return Period(a_year_on, end, YEAR_BEFORE)
    half = timedelta(weeks=(end - first).days // 14)
    return Period(end - half, end, PERIOD_BEFORE) if half else Period(first, end)


def _month_start(day: date, tolerance: int = 1) -> date:
    """Return the first of the month that begins with a day, or of the next one."""
    if day.day <= tolerance:
        return day.replace(day=1)
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _years_later(day: date, years: int) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if is_leap_day else day.day)


def is_compared(chart: Chart) -> bool:
    """Whether a chart shows an earlier period where there is one."""
    return isinstance(chart, BigNumber) or (isinstance(chart, OverTime) and chart.beside_last_year)


def compare(content: dict[str, Any], chart: Chart, period: Period, first: date | None) -> None:
    """Make a chart's YAML compare the period, if its mart's records reach back so far.

    Figures of months are compared over whole months only: a month that runs is less than one.
    """
    if not period.beside or first is None:
        return
    if first - period.earlier_start >= timedelta(days=CLOSED_DAYS):
        return
    if isinstance(chart, BigNumber):
        if chart.grain != MONTH or (period.start.day == 1 and period.end.day == 1):
            _compare_number(content, chart, period)
    elif is_compared(chart) and period.beside == YEAR_BEFORE:
        content["params"] |= {
            "time_compare": [YEAR_BEFORE],
            "comparison_type": "values",
            "show_legend": True,
        }
        _ask(content, period)


def _compare_number(content: dict[str, Any], chart: BigNumber, period: Period) -> None:
    content["viz_type"] = "pop_kpi"
    content["params"] |= {
        "viz_type": "pop_kpi",
        "time_compare": period.beside,
        "comparison_color_enabled": True,
        "comparison_color_scheme": "Red" if chart.is_cost else "Green",
        "percentDifferenceFormat": PER_CENT,
        "header_font_size": 0.4,
        "subheader_font_size": 0.125,
        "subtitle_font_size": 0.25,
        "show_metric_name": False,
        "column_config": {
            "Previous value": {
                "customColumnName": WORDS[period.beside],
                "displayTypeIcon": False,
            },
            "Delta": {"visible": False},
            "Percent change": {"displayTypeIcon": False},
        },
    }
    _ask(content, period, only_whole=True)


def _ask(content: dict[str, Any], period: Period, *, only_whole: bool = False) -> None:
    """Add the earlier period to the queries; without a filter they ask for the opening period."""
    context = json.loads(content["query_context"])
    if only_whole:
        context["queries"] = context["queries"][-1:]
    for query in context["queries"]:
        query |= {"time_offsets": [period.beside], "time_range": period.written}
        for condition in query["filters"]:
            if condition["op"] == "TEMPORAL_RANGE":
                condition["val"] = period.written
    for condition in content["params"]["adhoc_filters"]:
        if condition["operator"] == "TEMPORAL_RANGE":
            condition["comparator"] = period.written
    context["form_data"] = content["params"]
    content["query_context"] = json.dumps(context, sort_keys=True)
