"""Judging by rolling origins, and intervals that are calibrated on other origins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.backtest import (
    OriginErrors,
    backtest,
    coverage,
    days_needed,
    interval_bounds,
    origin_offsets,
    relative_errors,
)
from ml.candidates import Candidate, four_week_mean, seasonal_naive


def _last_value(series: pd.Series[float], horizon: int, country_code: str) -> np.ndarray:
    return np.full(horizon, float(series.iloc[-1]))


def test_no_origin_sees_what_it_forecasts() -> None:
    """On a rising series the last value is short by exactly the days ahead."""
    series = pd.Series(np.arange(1.0, 201.0), index=pd.date_range("2026-01-01", periods=200))
    errors = backtest(
        series, [7], [Candidate("last", _last_value, is_naive=True)], country_code="US", closures=()
    )[7, "last"]
    np.testing.assert_allclose(errors.actual - errors.forecast, np.tile(np.arange(1, 8), (8, 1)))


def test_wape_is_total_error_over_total_actual() -> None:
    errors = OriginErrors(np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]]))
    assert errors.wape == pytest.approx(0.5)


def test_a_horizon_without_three_origins_is_not_judged() -> None:
    days = days_needed(90)
    index = pd.date_range("2026-01-01", periods=days)
    series = pd.Series(1.0, index=index)
    naive = Candidate("naive", seasonal_naive, is_naive=True)
    judged = backtest(series, [90], [naive], country_code="US", closures=())
    assert (90, "naive") in judged
    short = backtest(series.iloc[1:], [90], [naive], country_code="US", closures=())
    assert short == {}


def test_origins_do_not_overlap_for_a_week_ahead() -> None:
    offsets = origin_offsets(7)
    assert np.diff(offsets).tolist() == [7] * 7


def test_interval_bounds_hold_the_stated_share() -> None:
    relative = np.random.default_rng(7).normal(0, 0.2, (50, 40))
    for level in (0.8, 0.95):
        lower, upper = interval_bounds(relative, level)
        inside = np.mean((relative >= lower) & (relative <= upper))
        assert inside == pytest.approx(level, abs=0.01)


def test_coverage_is_measured_on_origins_that_did_not_calibrate() -> None:
    """One origin with errors far outside the others' range is not covered by them."""
    forecast = np.full((5, 10), 100.0)
    actual = forecast + np.random.default_rng(1).normal(0, 1, (5, 10))
    actual[0] = 300.0
    assert coverage(OriginErrors(forecast, actual), 0.95) < 0.85


def test_days_forecast_as_closed_have_no_relative_error() -> None:
    errors = OriginErrors(np.array([[0.0, 100.0]]), np.array([[50.0, 110.0]]))
    assert np.isnan(relative_errors(errors)[0, 0])
    assert relative_errors(errors)[0, 1] == pytest.approx(0.1)


def test_naive_rules_skip_closed_days() -> None:
    values = np.tile(np.arange(1.0, 8.0), 6)
    values[-7] = np.nan  # the last week's first weekday was closed
    series = pd.Series(values, index=pd.date_range("2026-01-01", periods=42))
    assert seasonal_naive(series, 7, "US").tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert four_week_mean(series, 14, "US").tolist() == [1, 2, 3, 4, 5, 6, 7] * 2
