"""Rolling-origin back-tests: forecast from past days, compare with what then happened.

The coverage reported for an origin is that of intervals calibrated on the origins before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values
from ml.candidates import Candidate, Context, four_week_mean

MINIMUM_TRAINING_DAYS = 8 * DAYS_PER_WEEK
MINIMUM_ORIGINS = 3
LEVELS = (0.8, 0.95)
# Earlier origins without which an interval is not judged.
CALIBRATING_ORIGINS = 2
# How far intervals may be stretched so that they hold what they promise.
WIDTH_LIMITS = (0.25, 4.0)
# The relative error of a day on which nothing was sold.
NOTHING_SOLD = -1.0


@dataclass(frozen=True)
class OriginErrors:
    """Forecasts and actuals of one method from several origins, shape (origins, horizon)."""

    forecast: Values
    actual: Values

    def of(self, origins: Sequence[bool]) -> OriginErrors:
        """Those of some of the origins."""
        return OriginErrors(self.forecast[origins], self.actual[origins])

    @property
    def wape(self) -> float:
        """Σ|error| ÷ Σ actual over all origins; infinite when something was forecast and nothing
        sold, 0 when neither."""
        total = float(np.abs(self.actual).sum())
        errors = float(np.abs(self.forecast - self.actual).sum())
        if total:
            return errors / total
        return float("inf") if errors else 0.0

    @property
    def rmse(self) -> float:
        """Root of the mean squared error; what is small for a forecast of the mean."""
        return float(np.sqrt(np.mean((self.forecast - self.actual) ** 2)))


def origin_offsets(horizon: int) -> tuple[int, ...]:
    """Days before the end at which back-tests of a horizon start, newest first.

    Whole weeks, so that horizons share origins and a method is fitted once for all of them.
    """
    weeks = -(-horizon // DAYS_PER_WEEK)
    step, count = (1, 8) if weeks == 1 else (4, 8) if horizon <= 30 else (4, 6)
    return tuple(DAYS_PER_WEEK * (weeks + step * number) for number in range(count))


def usable_offsets(days: int, horizon: int) -> tuple[int, ...]:
    """Offsets that leave enough days to learn from."""
    return tuple(
        offset for offset in origin_offsets(horizon) if days - offset >= MINIMUM_TRAINING_DAYS
    )


def days_needed(horizon: int) -> int:
    """Days of history from which on a horizon can be back-tested."""
    return MINIMUM_TRAINING_DAYS + origin_offsets(horizon)[MINIMUM_ORIGINS - 1]


def forecasts_from_origins(
    series: pd.Series[float],
    horizons: Sequence[int],
    candidates: Sequence[Candidate],
    context: Context,
) -> dict[tuple[str, int], Values]:
    """Each method's forecast per origin (by its offset, 0 for the end of the series).

    Each is as long as the longest horizon that asks for it. Where there is too little to learn
    from, there is none.
    """
    longest = {0: max(horizons)}
    for horizon in horizons:
        for offset in usable_offsets(len(series), horizon):
            longest[offset] = max(longest.get(offset, 0), horizon)
    if len(series) < MINIMUM_TRAINING_DAYS:
        return {}
    return {
        (candidate.name, offset): np.maximum(ahead, 0.0)
        for candidate in candidates
        for offset, ahead in candidate.forecasts(series, longest, context).items()
    }


def makeshift(series: pd.Series[float], offset: int, horizon: int, context: Context) -> Values:
    """What a series that is too young to be judged adds to the sums it belongs to."""
    past = series.iloc[: max(len(series) - offset, 0)]
    if past.empty:
        return np.zeros(horizon)
    return np.maximum(four_week_mean(past, horizon, context), 0.0)


def relative_errors(errors: OriginErrors) -> Values:
    """(actual − forecast) ÷ forecast on days with a positive forecast, shape (origins, days)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (errors.actual - errors.forecast) / errors.forecast
    return np.where(errors.forecast > 0, relative, np.nan)


def interval_bounds(relative: Values, level: float, width: float = 1.0) -> tuple[float, float]:
    """Lower and upper relative error between which a share ``level`` of errors lay.

    Split-conformal quantiles (Vovk et al. 2005) of signed errors, so a skewed history gives
    skewed intervals; the finite-sample correction pushes them outwards. Where days without sales
    are more than the lower tail, the interval begins at no sales and only its upper end is
    uncertain. ``width`` stretches what is.
    """
    lower, upper = _quantiles(relative, level)
    return _stretched(lower, width), upper * width


def _quantiles(relative: Values, level: float) -> tuple[float, float]:
    known = np.sort(relative[~np.isnan(relative)])
    if len(known) == 0:
        return (0.0, 0.0)
    count = len(known)
    tail = (1 - level) / 2
    lower = float(known[max(int(np.floor(tail * (count + 1))) - 1, 0)])
    share_below = level if lower <= NOTHING_SOLD else 1 - tail
    upper = float(known[min(int(np.ceil(share_below * (count + 1))) - 1, count - 1)])
    return (max(min(lower, 0.0), NOTHING_SOLD), max(upper, 0.0))


def _stretched(lower: float, width: float) -> float:
    return lower if lower == NOTHING_SOLD else max(lower * width, NOTHING_SOLD)


def coverage(errors: OriginErrors, level: float, width: float = 1.0) -> float:
    """Share of actuals inside intervals calibrated on earlier origins; the first only calibrate."""
    needed = np.concatenate([np.empty(0), *_widths_needed(errors, level)])
    return float((needed <= width).mean()) if len(needed) else float("nan")


def _widths_needed(errors: OriginErrors, level: float) -> list[Values]:
    """How far the interval of the earlier origins has to be stretched to hold each error.

    Per origin, newest first; 0 for what any interval holds, infinite for what none does.
    """
    relative = relative_errors(errors)
    needed: list[Values] = []
    for origin in range(len(relative) - CALIBRATING_ORIGINS):
        lower, upper = _quantiles(relative[origin + 1 :], level)
        known = relative[origin][~np.isnan(relative[origin])]
        with np.errstate(divide="ignore", invalid="ignore"):
            above, below = known / upper, known / lower
        width = np.where(known > 0, above, np.where(known < 0, below, 0.0))
        # What begins at nothing holds all that is less than expected.
        needed.append(np.where((known < 0) & (lower == NOTHING_SOLD), 0.0, width))
    return needed


def calibrated_width(judged: Sequence[OriginErrors], level: float) -> float:
    """The stretch with which intervals hold ``level`` of the origins that came after.

    Few origins tell too little of how wrong a level can be; over all series together they tell.
    Origins before and after would tell more of one between them than is known of days to come.
    All series share a bad month: what that leaves uncertain is added as one standard error.
    """
    by_origin: dict[int, list[Values]] = {}
    for errors in judged:
        for origin, needed in enumerate(_widths_needed(errors, level)):
            by_origin.setdefault(origin, []).append(needed)
    origins = [each for each in map(np.concatenate, by_origin.values()) if len(each)]
    if not origins:
        return 1.0
    widths = [_limited(each, level) for each in origins]
    error = float(np.std(widths, ddof=1)) / len(widths) ** 0.5 if len(widths) > 1 else 0.0
    return min(_limited(np.concatenate(origins), level) + error, WIDTH_LIMITS[1])


def _limited(needed: Values, level: float) -> float:
    return float(np.clip(np.quantile(needed, level, method="inverted_cdf"), *WIDTH_LIMITS))
