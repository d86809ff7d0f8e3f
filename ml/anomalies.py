"""Days that were not as days like them are, per series, from their own past alone.

What a day should have been is the season-adjusted level of the weeks before it; how far days
usually lie from it is measured robustly (median absolute deviation), so that past anomalies hide
none. Closed days, holidays and days whose cause is known are neither judged nor learned from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values
from ml.evidence import refusal_rows

# All in seasons: of daily series weeks, of hourly ones days.
LEVEL_SEASONS, SHAPE_SEASONS, SCALE_SEASONS, MINIMUM_SEASONS = 4, 10, 16, 8
MINIMUM_DAYS = MINIMUM_SEASONS * DAYS_PER_WEEK
# Below so many orders, of a rate so many of the rarer outcome, on a usual day, chance alone makes
# any day look odd.
MINIMUM_EVENTS = 5
# A run of days is judged as one; longer than a week it is a new level.
LONGEST_RUN = 3
# Robust standard deviations. On generated businesses four places together raise about half a false
# alarm a week at it and miss one planted anomaly in ten.
THRESHOLD = 2.8
# Shares of few sales are skewed: they need more to be news.
RATE_THRESHOLD = 4.0
# 1.4826 × the median absolute deviation is the standard deviation of normal errors.
DEVIATIONS_PER_MAD = 1.4826
ANOMALY_COLUMNS = (
    "series_key", "metric", "first_date", "last_date", "days_count", "actual_value",
    "expected_value", "difference_value", "difference_rate", "z_score", "direction",
    "impact_amount", "cause_series_key", "cause_difference_value",
)  # fmt: skip
# What a day's value is: an amount adds up over days; an average or a rate is weighed by its events.
# Amounts and averages are compared as ratios, rates (which may be 0) as differences.
Kind = Literal["amount", "average", "rate"]


@dataclass(frozen=True)
class Anomalies:
    """Found runs of days (``ANOMALY_COLUMNS``) and series that are too short to judge."""

    found: pd.DataFrame
    refusals: pd.DataFrame


def find_anomalies(
    days: pd.DataFrame,
    as_of_date: date,
    *,
    kinds: Mapping[str, Kind] | None = None,
    explained: Mapping[str, Collection[date]] | None = None,
    threshold: float = THRESHOLD,
    rate_threshold: float = RATE_THRESHOLD,
    least_impact: float = 0.0,
    parts: Mapping[str, Collection[str]] | None = None,
    season_length: int = DAYS_PER_WEEK,
) -> Anomalies:
    """Judge each day of each series by the days before it.

    Args:
        days: ``series_key``, ``metric``, ``day``, ``value``, ``noise_count``, how many events the
            value is made of (orders of the day), and optionally ``unit_amount``, the money that
            one unit more of the value is worth that day (negative where more is a loss); one row
            per series, metric and open day.
        as_of_date: last complete day.
        kinds: per metric what its values are; an amount unless said otherwise.
        explained: per series days with a known cause (holiday, promotion, delivery stopped).
        threshold, rate_threshold: robust standard deviations from which on a run is an anomaly.
        least_impact: the smallest sum of money that matters to anybody.
        parts: per series those it is the sum of; the one that moved most is the cause.
        season_length: rows of a season; 24 where each "day" is an hour.

    Returns:
        Runs of at most three days in one direction; a run is told once, by its strongest part.
    """
    seen: dict[tuple[str, str], pd.Series[float]] = {}
    found: list[dict[str, object]] = []
    refusals: list[tuple[str, int, str]] = []
    for (key, metric), rows in days.groupby(["series_key", "metric"], sort=True):
        series = _regular(rows, as_of_date)
        open_days = int(series["value"].notna().sum())
        kind = (kinds or {}).get(str(metric), "amount")
        reason = _lack(series, open_days, kind, season_length)
        if reason:
            refusals.append((f"{key}, {metric}", open_days, reason))
            continue
        known = pd.to_datetime(list((explained or {}).get(str(key), ())))
        series["value"] = series["value"].where(~series.index.isin(known))
        values = series["value"].to_numpy(float)
        noise_counts = series["noise_count"].to_numpy(float)
        usual = expectation(values, noise_counts, kind, season_length)
        seen[str(key), str(metric)] = pd.Series(values - usual.expected, index=series.index)
        least = rate_threshold if kind == "rate" else threshold
        found.extend(
            {"series_key": key, "metric": metric, **run}
            for run in _runs(series, usual, kind, least)
            if abs(run["impact_amount"] or np.inf) >= least_impact
        )
    for run in found:
        run.update(_cause(run, (parts or {}).get(str(run["series_key"]), ()), seen))
    return Anomalies(
        pd.DataFrame(found, columns=list(ANOMALY_COLUMNS)),
        refusal_rows(refusals),
    )


def _lack(series: pd.DataFrame, open_days: int, kind: Kind, season_length: int) -> str | None:
    """What is missing for a judgement."""
    needed = MINIMUM_SEASONS * season_length
    if open_days < needed:
        return f"Not enough data: anomalies need {needed} open days."
    recent = series.iloc[-SCALE_SEASONS * season_length :]
    usual = float(recent["noise_count"].median())
    if kind == "rate":
        # Of two visits that end in an order, one more is half as much again, and no news.
        share = float(recent["value"].clip(0, 1).mean())
        usual *= min(share, 1 - share)
    if not usual >= MINIMUM_EVENTS:
        return f"Too few events: a usual day has {usual:.1f}, anomalies need {MINIMUM_EVENTS}."
    return None


def _regular(rows: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """Every day once, closed days missing."""
    indexed = rows.assign(day=pd.to_datetime(rows["day"])).set_index("day")
    indexed = indexed.reindex(columns=["value", "noise_count", "unit_amount"]).astype(float)
    indexed = indexed[indexed.index <= pd.Timestamp(as_of_date)]
    if indexed.empty:
        return indexed
    every = pd.date_range(indexed.index.min(), pd.Timestamp(as_of_date), freq="D")
    return indexed.reindex(every)


@dataclass(frozen=True)
class Expectation:
    """What each day should have been, and how far it lies from that.

    Distances and deviations are in logarithms, of rates in the rate itself.
    """

    expected: Values
    residual: Values
    deviation: Values


def expectation(
    values: Values,
    noise_counts: Values,
    kind: Kind = "amount",
    season_length: int = DAYS_PER_WEEK,
) -> Expectation:
    """Per day, from the days before it; NaN where there are too few.

    The deviation is never below what counting alone makes: a day of ``n`` orders varies by 1/√n,
    a share ``p`` of them by √(p(1 - p)/n).
    """
    count = len(values)
    expected, residual, deviation = (np.full(count, np.nan) for _ in range(3))
    scaled = values if kind == "rate" else _logarithms(values, noise_counts)
    for day in range(MINIMUM_SEASONS * season_length, count):
        shape = scaled[max(0, day - SHAPE_SEASONS * season_length) : day]
        season = _season(shape, day, season_length)
        adjusted = scaled[max(0, day - LEVEL_SEASONS * season_length) : day]
        positions = np.arange(day - len(adjusted), day) % season_length
        levels = adjusted - season[positions]
        if np.isnan(levels).all():
            continue
        expected[day] = np.nanmedian(levels) + season[day % season_length]
        residual[day] = scaled[day] - expected[day]
        past = residual[max(0, day - SCALE_SEASONS * season_length) : day]
        past = past[~np.isnan(past)]
        events = max(
            np.nanmedian(noise_counts[max(0, day - LEVEL_SEASONS * season_length) : day]), 1.0
        )
        counted = 1 / np.sqrt(events)
        if kind == "rate":
            # The mean knows the rare events that a median of mostly empty days does not.
            recent = scaled[max(0, day - SCALE_SEASONS * season_length) : day]
            share = float(np.clip(np.nanmean(recent), 0.5 / events, 0.5))
            counted *= np.sqrt(share * (1 - share))
        spread = DEVIATIONS_PER_MAD * np.median(np.abs(past)) if len(past) >= 14 else np.nan
        deviation[day] = np.fmax(spread, counted)
    return Expectation(expected if kind == "rate" else np.exp(expected), residual, deviation)


def _logarithms(values: Values, noise_counts: Values) -> Values:
    """A day on which nothing was sold has no logarithm: it counts as half an order."""
    with np.errstate(divide="ignore", invalid="ignore"):
        per_event = np.nanmedian(np.where(values > 0, values / noise_counts, np.nan))
    logs: Values = np.log(np.where(np.isnan(values), np.nan, np.fmax(values, per_event / 2)))
    return logs


def _season(scaled: Values, day: int, season_length: int) -> Values:
    """Median of each position of the season (weekday) against all of them."""
    start = day - len(scaled)
    positions = np.arange(start, day) % season_length
    overall = np.nanmedian(scaled) if not np.isnan(scaled).all() else 0.0
    found = np.zeros(season_length)
    for position in range(season_length):
        same = scaled[positions == position]
        same = same[~np.isnan(same)]
        found[position] = np.median(same) - overall if len(same) >= 3 else 0.0
    return found


def _cause(
    run: Mapping[str, object],
    parts: Collection[str],
    seen: Mapping[tuple[str, str], pd.Series[float]],
) -> dict[str, object]:
    """The part that moved most in the run's direction, if parts are known."""
    sign = 1 if run["direction"] == "above" else -1
    first, last = pd.Timestamp(str(run["first_date"])), pd.Timestamp(str(run["last_date"]))
    moved = {
        part: float(seen[part, str(run["metric"])].loc[first:last].sum())
        for part in sorted(parts)
        if (part, str(run["metric"])) in seen
    }
    if not moved or max(sign * each for each in moved.values()) <= 0:
        return {"cause_series_key": None, "cause_difference_value": None}
    cause = max(moved, key=lambda part: sign * moved[part])
    return {"cause_series_key": cause, "cause_difference_value": moved[cause]}


def _runs(
    series: pd.DataFrame, seen: Expectation, kind: Kind, threshold: float
) -> Iterator[dict[str, Any]]:
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
    weights = series["noise_count"].to_numpy(float)
    worth = series["unit_amount"].to_numpy(float)
    for start, length, score in sorted(chosen):
        span = slice(start, start + length)
        actual, expected = values[span], seen.expected[span]
        impact = float(((actual - expected) * worth[span]).sum())
        if kind == "amount":
            actual_value, expected_value = float(actual.sum()), float(expected.sum())
        else:
            events = np.fmax(weights[span], 1.0)
            actual_value = float(np.average(actual, weights=events))
            expected_value = float(np.average(expected, weights=events))
        yield {
            "first_date": series.index[start].date(),
            "last_date": series.index[start + length - 1].date(),
            "days_count": length,
            "actual_value": actual_value,
            "expected_value": expected_value,
            "difference_value": actual_value - expected_value,
            "difference_rate": actual_value / expected_value - 1 if expected_value else None,
            "z_score": score,
            "direction": "above" if score > 0 else "below",
            "impact_amount": None if np.isnan(impact) else impact,
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
