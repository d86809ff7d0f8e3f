"""Candidate methods for daily sales. Each takes the past and returns the days ahead.

Naive rules come first in :data:`CANDIDATES`; on equal error the earlier, simpler one wins.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values, bridge_closed_days

YEARLY_MINIMUM_DAYS = 2 * 365

Method = Callable[["pd.Series[float]", int, str], Values]


def seasonal_naive(series: pd.Series[float], horizon: int, country_code: str) -> Values:
    """Same weekday of the last week (the last observed one where that day was closed)."""
    del country_code
    return _weekday_mean(series, horizon, weeks=1)


def four_week_mean(series: pd.Series[float], horizon: int, country_code: str) -> Values:
    """Mean of the last four observed same weekdays."""
    del country_code
    return _weekday_mean(series, horizon, weeks=4)


def _weekday_mean(series: pd.Series[float], horizon: int, *, weeks: int) -> Values:
    values = series.to_numpy(dtype=float)
    # Counted from the end: position 0 is the weekday of the first day ahead.
    pattern = np.empty(DAYS_PER_WEEK)
    overall = float(np.nanmean(values))
    for offset in range(DAYS_PER_WEEK):
        same = values[len(values) - DAYS_PER_WEEK + offset :: -DAYS_PER_WEEK]
        known = same[~np.isnan(same)][:weeks]
        pattern[offset] = known.mean() if len(known) else overall
    return np.resize(pattern, horizon)


def auto_ets(series: pd.Series[float], horizon: int, country_code: str) -> Values:
    """Exponential smoothing with a weekly season, form chosen by AICc (statsforecast)."""
    del country_code
    from statsforecast.models import AutoETS  # slow to import

    forecast = AutoETS(season_length=DAYS_PER_WEEK).forecast(bridge_closed_days(series), horizon)
    return np.asarray(forecast["mean"], dtype=float)


def prophet(series: pd.Series[float], horizon: int, country_code: str) -> Values:
    """Prophet: weekly season, public holidays, a trend only where two years support one.

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
    model.add_country_holidays(country_name=country_code)
    model.fit(pd.DataFrame({"ds": series.index, "y": series.to_numpy()}))
    first_day = series.index[-1] + pd.Timedelta(days=1)
    ahead = pd.DataFrame({"ds": pd.date_range(first_day, periods=horizon)})
    return np.asarray(model.predict(ahead)["yhat"], dtype=float)


@dataclass(frozen=True)
class Candidate:
    """A named method; naive rules are what every other method has to beat."""

    name: str
    forecast: Method
    is_naive: bool


CANDIDATES = (
    Candidate("seasonal_naive", seasonal_naive, is_naive=True),
    Candidate("four_week_mean", four_week_mean, is_naive=True),
    Candidate("auto_ets", auto_ets, is_naive=False),
    Candidate("prophet", prophet, is_naive=False),
)
