"""Candidate methods for daily sales. Each takes the past and returns the days ahead.

Naive rules come first in :data:`CANDIDATES`; on equal error the earlier, simpler one wins.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from threadpoolctl import ThreadpoolController

from ml.calendar import DAYS_PER_WEEK, Values, bridge_closed_days, public_holidays

YEARLY_MINIMUM_DAYS = 2 * 365
# Syntetos, Boylan & Croston (2005): from this mean interval between sales on, demand is sporadic.
INTERMITTENT_INTERVAL = 1.32
# Fewer days of promotions teach a method nothing about them.
PROMOTION_MINIMUM_DAYS = 7
# A fit is used on until the past has grown by this much.
REFIT_GROWTH = 1.25
YEARLY_WAVES, DAYS_PER_YEAR = 3, 365.25
# The level is that of about so many days.
LEVEL_DAYS = 28
SHRINKAGE = 1e-3


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
FromOrigins = Callable[["pd.Series[float]", Mapping[int, int], Context], dict[int, Values]]


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
    return auto_ets_from_origins(series, {0: horizon}, context)[0]


def auto_ets_from_origins(
    series: pd.Series[float], longest: Mapping[int, int], context: Context
) -> dict[int, Values]:
    """:func:`auto_ets` per origin; a form and parameters are fitted at the earliest origin.

    From the later ones only the states are brought up to date, until the past has grown by a
    quarter: fitting is a thousand times the work.
    """
    del context
    from statsforecast.models import AutoETS  # slow to import

    found: dict[int, Values] = {}
    model, fitted_days = AutoETS(season_length=DAYS_PER_WEEK), 0
    for offset in sorted(longest, reverse=True):
        past = bridge_closed_days(series.iloc[: len(series) - offset])
        if not fitted_days or len(past) > REFIT_GROWTH * fitted_days:
            model, fitted_days = model.new().fit(past), len(past)
        ahead = model.forward(past, longest[offset])["mean"]
        found[offset] = np.asarray(ahead, dtype=float)
    return found


def harmonic_regression(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Weekday × yearly waves × growth, times the level of the last weeks.

    A log-linear regression that keeps days without sales (Poisson pseudo-likelihood, Santos Silva
    & Tenreyro 2006) on the terms of a dynamic harmonic regression (Hyndman & Athanasopoulos 2021,
    section 10.5). The year and growth need two years, promotions a week of them.
    """
    from sklearn.linear_model import PoissonRegressor  # slow to import

    values = np.maximum(series.to_numpy(dtype=float), 0.0)
    known = ~np.isnan(values)
    mean = float(values[known].mean()) if known.any() else 0.0
    if mean <= 0:
        return np.zeros(horizon)
    terms = _terms(series, horizon, context)
    model = PoissonRegressor(alpha=SHRINKAGE, solver="newton-cholesky")
    # Sharing so little work among threads takes ten times as long as doing it.
    with _threads().limit(limits=1, user_api="openmp"):
        model.fit(terms[: len(values)][known], values[known] / mean)
    usual = model.predict(terms) * mean
    weights = np.exp(-np.arange(len(values))[::-1] / LEVEL_DAYS)[known]
    level = (weights @ values[known]) / (weights @ usual[: len(values)][known])
    return np.asarray(usual[len(values) :] * level, dtype=float)


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def combination(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Mean of two methods that err differently (Bates & Granger 1969)."""
    return (
        weekday_smoothing(series, horizon, context) + harmonic_regression(series, horizon, context)
    ) / 2


def _terms(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """What a day is known by, shape (days of the past and ahead, terms)."""
    days = np.arange(len(series) + horizon)
    columns = [days % DAYS_PER_WEEK == weekday for weekday in range(DAYS_PER_WEEK)]
    if len(series) >= YEARLY_MINIMUM_DAYS:
        angles = 2 * np.pi * np.outer(np.arange(1, YEARLY_WAVES + 1), days) / DAYS_PER_YEAR
        columns += [*np.sin(angles), *np.cos(angles), days / len(series) - 0.5]
    every = pd.date_range(series.index[0], periods=len(days))
    is_promotion = every.isin([pd.Timestamp(day) for day in context.promotions])
    if is_promotion[: len(series)].sum() >= PROMOTION_MINIMUM_DAYS:
        columns.append(is_promotion)
    return np.array(columns, dtype=float).T


def prophet(series: pd.Series[float], horizon: int, context: Context) -> Values:
    """Prophet: weekly season, public holidays, promotions, a trend only where two years support it.

    With less than two years a fitted trend mistakes the season for growth, so it stays flat.
    """
    # Prophet tells about missing plots while it is imported and about years that are not whole,
    # cmdstanpy about every fit.
    for name in ("prophet", "prophet.plot", "cmdstanpy"):
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
    if public_holidays(context.country_code, [series.index[-1].year]):
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
    ``from_origins`` forecasts from several origins (days before the end of the series, each with
    its days ahead) for less than as many single forecasts; no origin may see what comes after it.
    """

    name: str
    forecast: Method
    is_naive: bool
    levels: tuple[str, ...] | None = None
    from_origins: FromOrigins | None = None

    def forecasts(
        self, series: pd.Series[float], longest: Mapping[int, int], context: Context
    ) -> dict[int, Values]:
        """Days ahead from each origin of ``longest``."""
        if self.from_origins:
            return self.from_origins(series, longest, context)
        return {
            offset: self.forecast(series.iloc[: len(series) - offset], horizon, context)
            for offset, horizon in longest.items()
        }


CANDIDATES = (
    Candidate("seasonal_naive", seasonal_naive, is_naive=True),
    Candidate("four_week_mean", four_week_mean, is_naive=True),
    Candidate("weekday_smoothing", weekday_smoothing, is_naive=False),
    Candidate("sporadic", sporadic, is_naive=False),
    Candidate("harmonic_regression", harmonic_regression, is_naive=False),
    Candidate("combination", combination, is_naive=False),
    Candidate(
        "auto_ets",
        auto_ets,
        is_naive=False,
        levels=("total", "location", "category"),
        from_origins=auto_ets_from_origins,
    ),
    Candidate("prophet", prophet, is_naive=False, levels=("total", "location")),
)
