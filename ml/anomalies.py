"""Days that were not as days like them are, per series, from their own past alone.

What a day should have been is the season-adjusted level of the weeks before it; how far days
usually lie from it is measured robustly (median absolute deviation), so that past anomalies hide
none. Closed days, holidays and days whose cause is known are neither judged nor learned from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values
from ml.evidence import refusal_rows

LEVEL_WEEKS, SEASON_WEEKS, SCALE_WEEKS = 4, 10, 16
MINIMUM_DAYS = 8 * DAYS_PER_WEEK
# Below so many orders on a usual day, chance alone makes any day look odd.
MINIMUM_EVENTS = 5
# A run of days is judged as one; longer than a week it is a new level.
LONGEST_RUN = 3
# Robust standard deviations. On generated businesses four places together raise about half a false
# alarm a week at it and miss one planted anomaly in ten.
THRESHOLD = 2.8
# 1.4826 × the median absolute deviation is the standard deviation of normal errors.
DEVIATIONS_PER_MAD = 1.4826
ANOMALY_COLUMNS = (
    "series_key", "metric", "first_date", "last_date", "days_count", "actual_value",
    "expected_value", "difference_value", "difference_rate", "z_score", "direction",
    "cause_series_key", "cause_difference_value",
)  # fmt: skip


@dataclass(frozen=True)
class Anomalies:
    """Found runs of days (``ANOMALY_COLUMNS``) and series that are too short to judge."""

    found: pd.DataFrame
    refusals: pd.DataFrame


def find_anomalies(
    days: pd.DataFrame,
    as_of_date: date,
    *,
    explained: Mapping[str, Collection[date]] | None = None,
    threshold: float = THRESHOLD,
    least_difference: Mapping[str, float] | None = None,
    parts: Mapping[str, Collection[str]] | None = None,
) -> Anomalies:
    """Judge each day of each series by the days before it.

    Args:
        days: ``series_key``, ``metric``, ``day``, ``value`` and ``noise_count``, how many events
            the value is made of (orders of the day); one row per series, metric and open day.
        as_of_date: last complete day.
        explained: per series days with a known cause (holiday, promotion, delivery stopped).
        threshold: robust standard deviations from which on a run is an anomaly.
        least_difference: per metric the smallest difference that matters to anybody.
        parts: per series those it is the sum of; the one that moved most is the cause.

    Returns:
        Runs of at most three days in one direction; a run is told once, by its strongest part.
    """
    seen: dict[tuple[str, str], pd.Series[float]] = {}
    found: list[dict[str, object]] = []
    refusals: list[tuple[str, int, str]] = []
    for (key, metric), rows in days.groupby(["series_key", "metric"], sort=True):
        series = _regular(rows, as_of_date)
        open_days = int(series["value"].notna().sum())
        reason = _lack(series, open_days)
        if reason:
            refusals.append((f"{key}, {metric}", open_days, reason))
            continue
        known = pd.to_datetime(list((explained or {}).get(str(key), ())))
        series["value"] = series["value"].where(~series.index.isin(known))
        values = series["value"].to_numpy(float)
        usual = expectation(values, series["noise_count"].to_numpy(float))
        seen[str(key), str(metric)] = pd.Series(values - usual.expected, index=series.index)
        least = (least_difference or {}).get(str(metric), 0.0)
        found.extend(
            {"series_key": key, "metric": metric, **run}
            for run in _runs(series, usual, threshold, least)
        )
    for run in found:
        run.update(_cause(run, (parts or {}).get(str(run["series_key"]), ()), seen))
    return Anomalies(
        pd.DataFrame(found, columns=list(ANOMALY_COLUMNS)),
        refusal_rows(refusals),
    )


def _lack(series: pd.DataFrame, open_days: int) -> str | None:
    """What is missing for a judgement."""
    if open_days < MINIMUM_DAYS:
        return f"Not enough data: anomalies need {MINIMUM_DAYS} open days."
    usual = float(series["noise_count"].iloc[-SCALE_WEEKS * DAYS_PER_WEEK :].median())
    if not usual >= MINIMUM_EVENTS:
        return f"Too few sales: a usual day has {usual:.0f}, anomalies need {MINIMUM_EVENTS}."
    return None


def _regular(rows: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """Every day once, closed days missing."""
    indexed = rows.assign(day=pd.to_datetime(rows["day"])).set_index("day")
    indexed = indexed[indexed.index <= pd.Timestamp(as_of_date)]
    if indexed.empty:
        return indexed[["value", "noise_count"]].astype(float)
    every = pd.date_range(indexed.index.min(), pd.Timestamp(as_of_date), freq="D")
    return indexed[["value", "noise_count"]].astype(float).reindex(every)


@dataclass(frozen=True)
class Expectation:
    """What each day should have been, and how far it lies from that, in logarithms."""

    expected: Values
    residual: Values
    deviation: Values


def expectation(values: Values, noise_counts: Values) -> Expectation:
    """Per day, from the days before it; NaN where there are too few.

    The deviation is never below what counting alone makes: a day of ``n`` orders varies by 1/√n.
    """
    count = len(values)
    expected, residual, deviation = (np.full(count, np.nan) for _ in range(3))
    # A day on which nothing was sold has no logarithm: it counts as half an order.
    with np.errstate(divide="ignore", invalid="ignore"):
        per_event = np.nanmedian(np.where(values > 0, values / noise_counts, np.nan))
    logs = np.log(np.where(np.isnan(values), np.nan, np.fmax(values, per_event / 2)))
    for day in range(MINIMUM_DAYS, count):
        season = _season(logs[max(0, day - SEASON_WEEKS * DAYS_PER_WEEK) : day], day)
        adjusted = logs[max(0, day - LEVEL_WEEKS * DAYS_PER_WEEK) : day]
        positions = np.arange(day - len(adjusted), day) % DAYS_PER_WEEK
        levels = adjusted - season[positions]
        if np.isnan(levels).all():
            continue
        expected[day] = np.nanmedian(levels) + season[day % DAYS_PER_WEEK]
        residual[day] = logs[day] - expected[day]
        past = residual[max(0, day - SCALE_WEEKS * DAYS_PER_WEEK) : day]
        past = past[~np.isnan(past)]
        counted = 1 / np.sqrt(max(np.nanmedian(noise_counts[max(0, day - 28) : day]), 1.0))
        spread = DEVIATIONS_PER_MAD * np.median(np.abs(past)) if len(past) >= 14 else np.nan
        deviation[day] = np.fmax(spread, counted)
    return Expectation(np.exp(expected), residual, deviation)


def _season(logs: Values, day: int) -> Values:
    """Median of each weekday against its week, by position modulo seven."""
    start = day - len(logs)
    positions = np.arange(start, day) % DAYS_PER_WEEK
    overall = np.nanmedian(logs) if not np.isnan(logs).all() else 0.0
    found = np.zeros(DAYS_PER_WEEK)
    for weekday in range(DAYS_PER_WEEK):
        same = logs[positions == weekday]
        same = same[~np.isnan(same)]
        found[weekday] = np.median(same) - overall if len(same) >= 3 else 0.0
    return found


def _cause(
    run: Mapping[str, object],
    parts: Collection[str],
    seen: Mapping[tuple[str, str], pd.Series[float]],
) -> dict[str, object]:
    """The part that moved most in the run's direction, if parts are known."""
    sign = 1 if run["direction"] == "above" else -1
    moved = {
        part: float(seen[part, str(run["metric"])].loc[run["first_date"] : run["last_date"]].sum())
        for part in sorted(parts)
        if (part, str(run["metric"])) in seen
    }
    if not moved or max(sign * each for each in moved.values()) <= 0:
        return {"cause_series_key": None, "cause_difference_value": None}
    cause = max(moved, key=lambda part: sign * moved[part])
    return {"cause_series_key": cause, "cause_difference_value": moved[cause]}


def _runs(
    series: pd.DataFrame, seen: Expectation, threshold: float, least: float
) -> Iterator[dict[str, object]]:
    """The strongest runs first, none of them overlapping another."""
    values = series["value"].to_numpy(float)
    scores = {
        (start, length): _score(seen, start, length)
        for length in range(1, LONGEST_RUN + 1)
        for start in range(len(values) - length + 1)
    }
    strong = [
        (abs(score), start, length, score)
        for (start, length), score in scores.items()
        if abs(score) >= threshold
    ]
    taken: npt.NDArray[np.bool_] = np.zeros(len(values), bool)
    chosen = []
    for _, start, length, score in sorted(strong, reverse=True):
        span = slice(start, start + length)
        # The days beside a run that was told belong to it.
        if not taken[max(start - 1, 0) : start + length + 1].any():
            taken[span] = True
            chosen.append((start, length, score))
    for start, length, score in sorted(chosen):
        span = slice(start, start + length)
        actual, expected = float(values[span].sum()), float(seen.expected[span].sum())
        if abs(actual - expected) < least:
            continue
        yield {
            "first_date": series.index[start].date(),
            "last_date": series.index[start + length - 1].date(),
            "days_count": length,
            "actual_value": actual,
            "expected_value": expected,
            "difference_value": actual - expected,
            "difference_rate": actual / expected - 1,
            "z_score": score,
            "direction": "above" if actual > expected else "below",
        }


def _score(seen: Expectation, start: int, length: int) -> float:
    """Of a run in one direction; 0 when it is none."""
    residual = seen.residual[start : start + length]
    deviation = seen.deviation[start : start + length]
    if np.isnan(residual).any() or np.isnan(deviation).any():
        return 0.0
    if length > 1 and abs(np.sign(residual).sum()) < length:
        return 0.0
    return float((residual / deviation).sum() / np.sqrt(length))
