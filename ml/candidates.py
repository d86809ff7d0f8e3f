"""Candidate methods for daily sales. Each takes the past and returns the days ahead.

Naive rules come first in :data:`CANDIDATES`; on equal error the earlier, simpler one wins.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values, bridge_closed_days

YEARLY_MINIMUM_DAYS = 2 * 365
# Syntetos, Boylan & Croston (2005): from this mean interval between sales on, demand is sporadic.
INTERMITTENT_INTERVAL = 1.32
# Fewer days of promotions teach a method nothing about them.
PROMOTION_MINIMUM_DAYS = 7


@dataclass(frozen=True)
class Context:
    """What is known about days beside their sales.

    Attributes:
        country_code: ISO 3166 country whose public holidays count.
        promotions: days of the past and the future on which something is on offer by plan.
    """

    country_code: str
    promotions: frozenset[date] = frozenset()


Method = Callable[["pd.Series[float]", int, Context], Values]


def seasonal_naive(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Same weekday of the last week (the last observed one where that day was closed)."""
    del context
    return _weekday_mean(series, horizon, weeks=1)


def four_week_mean(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Mean of the last four observed same weekdays."""
    del context
    return _weekday_mean(series, horizon, weeks=4)


def _weekday_mean(series: pd.Series[float], horizon: int, *, weeks: int) -> Values:
    values = series.to_numpy(dtype=float)
    # Counted from the end: position 0 is the weekday of the first day ahead.
    pattern = np.empty(DAYS_PER_WEEK)
    overall = float(np.nanmean(values)) if not np.isnan(values).all() else 0.0
    for offset in range(DAYS_PER_WEEK):
        same = values[len(values) - DAYS_PER_WEEK + offset :: -DAYS_PER_WEEK]
        known = same[~np.isnan(same)][:weeks]
        pattern[offset] = known.mean() if len(known) else overall
    return np.resize(pattern, horizon)


def weekday_smoothing(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Exponential smoothing of each weekday by itself, its speed fitted (statsforecast)."""
    del context
    from statsforecast.models import SeasonalExponentialSmoothingOptimized  # slow to import

    model = SeasonalExponentialSmoothingOptimized(season_length=DAYS_PER_WEEK)
    return np.asarray(model.forecast(bridge_closed_days(series), horizon)["mean"], dtype=float)


def sporadic(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Croston's method as Syntetos and Boylan corrected it, for what is not sold every day."""
    del context
    values = np.array(series.dropna(), dtype=np.float64)
    if not is_intermittent(values):
        return np.full(horizon, float(values.mean()) if len(values) else 0.0)
    from statsforecast.models import CrostonSBA  # slow to import

    return np.asarray(CrostonSBA().forecast(values, horizon)["mean"], dtype=float)


def is_intermittent(values: Values) -> bool:
    """Whether days between two sales are the rule."""
    sold = int((values > 0).sum())
    return sold > 1 and len(values) / sold >= INTERMITTENT_INTERVAL


def auto_ets(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Exponential smoothing with a weekly season, form chosen by AICc (statsforecast)."""
    del context
    from statsforecast.models import AutoETS  # slow to import

    forecast = AutoETS(season_length=DAYS_PER_WEEK).forecast(bridge_closed_days(series), horizon)
    return np.asarray(forecast["mean"], dtype=float)


def prophet(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Prophet: weekly season, public holidays, promotions, a trend only where two years support it.

    With less than two years a fitted trend mistakes the season for growth, so it stays flat.
    """
    # Prophet tells about missing plots while it is imported, cmdstanpy about every fit.
    for name in ("prophet.plot", "cmdstanpy"):
        logging.getLogger(name).disabled = True
    from prophet import Prophet  # slow to import

    has_years = len(series) >= YEARLY_MINIMUM_DAYS
    model = Prophet(
        growth="linear" if has_years else "flat",
        yearly_seasonality=has_years,
        weekly_seasonality=True,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    model.add_country_holidays(country_name=context.country_code)
    past = pd.DataFrame({"ds": series.index, "y": series.to_numpy()})
    first_day = series.index[-1] + pd.Timedelta(days=1)
    ahead = pd.DataFrame({"ds": pd.date_range(first_day, periods=horizon)})
    on_offer = {pd.Timestamp(day) for day in context.promotions}
    if past["ds"].isin(on_offer).sum() >= PROMOTION_MINIMUM_DAYS:
        model.add_regressor("promotion")
        for frame in (past, ahead):
            frame["promotion"] = frame["ds"].isin(on_offer).astype(float)
    model.fit(past)
    return np.asarray(model.predict(ahead)["yhat"], dtype=float)


@dataclass(frozen=True)
class Candidate:
    """A named method; naive rules are what every other method has to beat.

    ``levels`` are the kinds of series on which a costly method is tried; None means all.
    """

    name: str
    forecast: Method
    is_naive: bool
    levels: tuple[str, ...] | None = None


CANDIDATES = (
    Candidate("seasonal_naive", seasonal_naive, is_naive=True),
    Candidate("four_week_mean", four_week_mean, is_naive=True),
    Candidate("weekday_smoothing", weekday_smoothing, is_naive=False),
    Candidate("sporadic", sporadic, is_naive=False),
    Candidate("auto_ets", auto_ets, is_naive=False, levels=("total", "location", "category")),
    Candidate("prophet", prophet, is_naive=False, levels=("total", "location")),
)
