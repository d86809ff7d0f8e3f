"""Where a series is heading and since when: its weeks, free of weekdays and of the year's shape.

The slope is Theil and Sen's, the median of all slopes between two weeks, so that one odd week bends
nothing; where the level broke is searched for by ruptures' exact segmentation. A straight line, a
step and no change at all compete by BIC, so that a steady rise is no series of breaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml.anomalies import DEVIATIONS_PER_MAD, Kind
from ml.calendar import DAYS_PER_WEEK, Values
from ml.evidence import refusal_rows

MINIMUM_WEEKS = 8
# A quarter: long enough for a direction, short enough to be news.
SLOPE_WEEKS = 13
# Levels are looked for in the last year; a level lasts four weeks at least.
BREAK_WEEKS, SHORTEST_LEVEL_WEEKS = 52, 4
WEEKS_PER_YEAR = 52.1775
# Below two years the year's shape cannot be told from a trend.
SEASON_WEEKS, SEASON_HARMONICS = 104, 2
TREND_COLUMNS = (
    "series_key", "metric", "first_date", "last_date", "weeks_count", "level_value",
    "weekly_change_value", "weekly_change_rate", "lower_95_change_value", "upper_95_change_value",
    "direction", "break_date", "before_break_value", "after_break_value", "year_ago_value",
    "impact_amount", "break_impact_amount", "is_seasonally_adjusted",
)  # fmt: skip


@dataclass(frozen=True)
class Trends:
    """A row per series and metric (``TREND_COLUMNS``) and the series too short for one."""

    found: pd.DataFrame
    refusals: pd.DataFrame


def find_trends(
    days: pd.DataFrame, as_of_date: date, *, kinds: Mapping[str, Kind] | None = None
) -> Trends:
    """The direction of the last quarter, and the last break of the level in the last year.

    Args:
        days: as :func:`ml.anomalies.find_anomalies` takes them.
        as_of_date: last complete day; weeks end with it.
        kinds: per metric what its values are; an amount unless said otherwise.

    Returns:
        Amounts are sums of a week with the usual open days, averages and rates are means weighed
        by their events. ``direction`` is rising or falling only where the 95 % interval of the
        slope leaves out zero, else steady. ``impact_amount`` is the money by which the coming
        quarter differs if the change of the last one stays, ``break_impact_amount`` the same for
        the break.
    """
    found: list[dict[str, object]] = []
    refusals: list[tuple[str, int, str]] = []
    for (key, metric), rows in days.groupby(["series_key", "metric"], sort=True):
        kind = (kinds or {}).get(str(metric), "amount")
        weeks = weekly_values(rows, as_of_date, kind)
        count = int(weeks.iloc[-SLOPE_WEEKS:].notna().sum())
        if count < MINIMUM_WEEKS or weeks.iloc[-SHORTEST_LEVEL_WEEKS:].isna().all():
            needed = f"a trend needs {MINIMUM_WEEKS} of the last {SLOPE_WEEKS} weeks."
            refusals.append((f"{key}, {metric}", count, f"Not enough data: {needed}"))
            continue
        worth = _worth(rows, as_of_date, kind)
        found.append({"series_key": key, "metric": metric, **_trend(weeks, worth)})
    return Trends(pd.DataFrame(found, columns=list(TREND_COLUMNS)), refusal_rows(refusals))


def weekly_values(rows: pd.DataFrame, as_of_date: date, kind: Kind) -> pd.Series[float]:
    """Complete weeks by their last day; a week without an open day is missing.

    A week with a closed day is told as if it had been open: what its open days usually make of a
    week is known.
    """
    columns = rows.assign(day=pd.to_datetime(rows["day"])).dropna(subset=["value"])
    columns = columns[columns["day"] <= pd.Timestamp(as_of_date)]
    ages = (pd.Timestamp(as_of_date) - columns["day"]).dt.days // DAYS_PER_WEEK
    values = columns["value"].astype(float)
    if kind == "amount":
        weekday = columns["day"].dt.day_of_week
        usual = values.groupby(weekday).mean()
        if not usual.sum() > 0:
            usual = usual * 0.0 + 1.0
        open_share = weekday.value_counts() / weekday.value_counts().max()
        weights = weekday.map(usual)
        scale = float((usual * open_share).sum())
    else:
        weights = columns["noise_count"].astype(float).clip(lower=0)
        values, scale = values * weights, 1.0
    sums = pd.DataFrame({"value": values, "weight": weights}).groupby(ages).sum()
    weeks = (sums["value"] / sums["weight"].where(sums["weight"] > 0)) * scale
    if weeks.empty:
        return weeks
    # The oldest week may be cut.
    oldest = int(weeks.index.max())
    begins = pd.Timestamp(as_of_date) - pd.Timedelta(days=(oldest + 1) * DAYS_PER_WEEK - 1)
    every = range(oldest if columns["day"].min() <= begins else oldest - 1, -1, -1)
    ends = [pd.Timestamp(as_of_date) - pd.Timedelta(days=age * DAYS_PER_WEEK) for age in every]
    return pd.Series(weeks.reindex(list(every)).to_numpy(float), index=pd.DatetimeIndex(ends))


def _worth(rows: pd.DataFrame, as_of_date: date, kind: Kind) -> float:
    """Money that one unit more of a week's value is worth, from the last four weeks."""
    since = pd.Timestamp(as_of_date) - pd.Timedelta(days=SHORTEST_LEVEL_WEEKS * DAYS_PER_WEEK)
    day = pd.to_datetime(rows["day"])
    recent = rows.reindex(columns=["unit_amount"])["unit_amount"][day > since].astype(float)
    if recent.notna().sum() == 0:
        return np.nan
    # An amount is worth the same on every day; a rate moves what all days of the week are made of.
    return float(recent.mean() if kind == "amount" else recent.sum() / SHORTEST_LEVEL_WEEKS)


def _trend(weeks: pd.Series[float], worth: float) -> dict[str, object]:
    adjusted, is_adjusted = without_season(weeks)
    recent = adjusted.iloc[-SLOPE_WEEKS:]
    slope = robust_slope(np.asarray(recent, dtype=np.float64))
    level = float(adjusted.iloc[-SHORTEST_LEVEL_WEEKS:].median())
    direction = "rising" if slope.lower > 0 else "falling" if slope.upper < 0 else "steady"
    broke = last_break(adjusted.iloc[-BREAK_WEEKS:])
    year_ago = weeks.iloc[: max(len(weeks) - 52, 0)].iloc[-SHORTEST_LEVEL_WEEKS:]
    return {
        "first_date": (recent.index[0] - pd.Timedelta(days=DAYS_PER_WEEK - 1)).date(),
        "last_date": recent.index[-1].date(),
        "weeks_count": int(weeks.notna().sum()),
        "level_value": level,
        "weekly_change_value": slope.slope,
        "weekly_change_rate": slope.slope / level if level > 0 else None,
        "lower_95_change_value": slope.lower,
        "upper_95_change_value": slope.upper,
        "direction": direction,
        "break_date": broke.date if broke else None,
        "before_break_value": broke.before if broke else None,
        "after_break_value": broke.after if broke else None,
        "year_ago_value": float(year_ago.median()) if year_ago.notna().any() else None,
        "impact_amount": slope.slope * SLOPE_WEEKS * SLOPE_WEEKS * worth,
        "break_impact_amount": (broke.after - broke.before) * SLOPE_WEEKS * worth
        if broke
        else None,
        "is_seasonally_adjusted": is_adjusted,
    }


class Slope(NamedTuple):
    """Change per week, with its 95 % interval."""

    slope: float
    lower: float
    upper: float


def robust_slope(values: Values) -> Slope:
    """Theil and Sen's slope; weeks that resemble the week before them widen its interval."""
    at = np.flatnonzero(~np.isnan(values))
    known = values[at]
    from scipy import stats  # takes a second to import

    slope, intercept, lower, upper = stats.theilslopes(known, at, alpha=0.95)
    residuals = known - intercept - slope * at
    spread = float((residuals**2).sum())
    alike = float((residuals[1:] * residuals[:-1]).sum()) / spread if spread > 0 else 0.0
    # A slope takes out part of what neighbours have in common: Kendall's correction of 1954.
    count = len(known)
    alike = min(max((count * alike + 1) / (count - 4), 0.0), 0.9)
    wider = np.sqrt((1 + alike) / (1 - alike))
    return Slope(
        float(slope), float(slope - (slope - lower) * wider), float(slope + (upper - slope) * wider)
    )


class Break(NamedTuple):
    """The first day of the newest level, and the levels before and after it."""

    date: date
    before: float
    after: float


def last_break(weeks: pd.Series[float]) -> Break | None:
    """Where the level broke last, if steps tell the weeks better than a line or nothing does."""
    known = weeks.dropna()
    values = known.to_numpy(float)
    count = len(values)
    if count < 2 * SHORTEST_LEVEL_WEEKS:
        return None
    # Neighbours' differences know the noise, whatever steps there are.
    noise = DEVIATIONS_PER_MAD * float(np.median(np.abs(np.diff(values)))) / np.sqrt(2)
    if noise == 0:
        return None
    # Single odd weeks are anomalies and no level: they are held at three deviations.
    centre = pd.Series(values).rolling(5, center=True, min_periods=3).median().to_numpy(float)
    held = np.clip(values, centre - 3 * noise, centre + 3 * noise) / noise
    penalty = 3 * np.log(count)
    import ruptures  # takes a second to import

    search = ruptures.Pelt(model="l2", min_size=SHORTEST_LEVEL_WEEKS, jump=1).fit(held)
    ends = search.predict(pen=penalty)
    if len(ends) < 2:
        return None
    steps = sum(
        float(((held[start:end] - held[start:end].mean()) ** 2).sum())
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    )
    positions = np.arange(count)
    line = float(((held - np.polyval(np.polyfit(positions, held, 1), positions)) ** 2).sum())
    if line + np.log(count) <= steps + penalty * (len(ends) - 1):
        return None
    start, middle = ([0, *ends])[-3], ends[-2]
    begins = known.index[middle] - pd.Timedelta(days=DAYS_PER_WEEK - 1)
    return Break(
        begins.date(), float(np.median(values[start:middle])), float(np.median(values[middle:]))
    )


def without_season(weeks: pd.Series[float]) -> tuple[pd.Series[float], bool]:
    """Weeks without the year's shape (two harmonics), once two years are known."""
    known = weeks.notna().to_numpy()
    if known.sum() < SEASON_WEEKS:
        return weeks, False
    at = np.arange(len(weeks))
    waves = [
        wave(2 * np.pi * order * at / WEEKS_PER_YEAR)
        for order in range(1, SEASON_HARMONICS + 1)
        for wave in (np.sin, np.cos)
    ]
    design = np.column_stack([np.ones(len(at)), at, *waves])
    values = weeks.to_numpy(float)
    fitted, *_ = np.linalg.lstsq(design[known], values[known], rcond=None)
    return weeks - design[:, 2:] @ fitted[2:], True
