"""Rolling-origin back-tests: forecast from past days, compare with what then happened.

Selection and interval calibration both read the same errors; the coverage reported for an
origin uses intervals calibrated on the other origins only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values, closed_ahead
from ml.candidates import Candidate

MINIMUM_TRAINING_DAYS = 8 * DAYS_PER_WEEK
MINIMUM_ORIGINS = 3
LEVELS = (0.8, 0.95)


@dataclass(frozen=True)
class OriginErrors:
    """Forecasts and actuals of one method from several origins, shape (origins, horizon)."""

    forecast: Values
    actual: Values

    @property
    def wape(self) -> float:
        """Σ|error| ÷ Σ actual over all origins; infinite when nothing was sold."""
        total = float(np.abs(self.actual).sum())
        errors = float(np.abs(self.forecast - self.actual).sum())
        return errors / total if total else float("inf")


def origin_offsets(horizon: int) -> tuple[int, ...]:
    """Days before the end at which back-tests of a horizon start, newest first."""
    if horizon <= DAYS_PER_WEEK:
        return tuple(horizon + DAYS_PER_WEEK * step for step in range(8))
    step, count = (28, 5) if horizon <= 30 else (28, 4)
    return tuple(horizon + step * number for number in range(count))


def usable_offsets(days: int, horizon: int) -> tuple[int, ...]:
    """Offsets that leave enough days to learn from."""
    return tuple(
        offset for offset in origin_offsets(horizon) if days - offset >= MINIMUM_TRAINING_DAYS
    )


def days_needed(horizon: int) -> int:
    """Days of history from which on a horizon can be back-tested."""
    return MINIMUM_TRAINING_DAYS + origin_offsets(horizon)[MINIMUM_ORIGINS - 1]


def backtest(
    series: pd.Series[float],
    horizons: Sequence[int],
    candidates: Sequence[Candidate],
    *,
    country_code: str,
    closures: Collection[date],
) -> dict[tuple[int, str], OriginErrors]:
    """Errors per (horizon, method); each method is fitted once per origin.

    Days without any sale count as sales of 0: an unforeseen closure is an error too.
    """
    wanted = {horizon: usable_offsets(len(series), horizon) for horizon in horizons}
    longest = {
        offset: max(h for h, offsets in wanted.items() if offset in offsets)
        for offsets in wanted.values()
        for offset in offsets
    }
    ahead = {
        (candidate.name, offset): publishable_forecast(
            series.iloc[:-offset], horizon, candidate, country_code, closures
        )
        for offset, horizon in longest.items()
        for candidate in candidates
    }
    actual = series.fillna(0.0).to_numpy()
    return {
        (horizon, candidate.name): OriginErrors(
            np.array([ahead[candidate.name, offset][:horizon] for offset in offsets]),
            np.array([actual[len(actual) - offset :][:horizon] for offset in offsets]),
        )
        for horizon, offsets in wanted.items()
        if len(offsets) >= MINIMUM_ORIGINS
        for candidate in candidates
    }


def publishable_forecast(
    past: pd.Series[float],
    horizon: int,
    candidate: Candidate,
    country_code: str,
    closures: Collection[date],
) -> Values:
    """A method's forecast as it would be published: never below 0, 0 on closed days."""
    future = pd.date_range(past.index[-1] + pd.Timedelta(days=1), periods=horizon, freq="D")
    forecast = np.maximum(candidate.forecast(past, horizon, country_code), 0.0)
    forecast[closed_ahead(past, future, closures)] = 0.0
    return forecast


def relative_errors(errors: OriginErrors) -> Values:
    """(actual − forecast) ÷ forecast on days with a positive forecast, shape (origins, days)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (errors.actual - errors.forecast) / errors.forecast
    return np.where(errors.forecast > 0, relative, np.nan)


def interval_bounds(relative: Values, level: float) -> tuple[float, float]:
    """Lower and upper relative error between which a share ``level`` of errors lay.

    Split-conformal quantiles (Vovk et al. 2005) of signed errors, so a skewed history gives
    skewed intervals; the finite-sample correction pushes them outwards.
    """
    known = np.sort(relative[~np.isnan(relative)])
    if len(known) == 0:
        return (0.0, 0.0)
    tail = (1 - level) / 2
    count = len(known)
    low = int(np.floor(tail * (count + 1))) - 1
    high = int(np.ceil((1 - tail) * (count + 1))) - 1
    lower = known[max(low, 0)]
    upper = known[min(high, count - 1)]
    return (min(float(lower), 0.0), max(float(upper), 0.0))


def coverage(errors: OriginErrors, level: float) -> float:
    """Share of actuals inside intervals calibrated on the other origins."""
    relative = relative_errors(errors)
    inside: list[Values] = []
    for origin in range(len(relative)):
        lower, upper = interval_bounds(np.delete(relative, origin, axis=0), level)
        known = relative[origin][~np.isnan(relative[origin])]
        inside.append(((known >= lower) & (known <= upper)).astype(float))
    hits = np.concatenate(inside)
    return float(hits.mean()) if len(hits) else float("nan")
