"""Judging by rolling origins, and intervals that are calibrated on other origins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.backtest import (
    OriginErrors,
    calibrated_width,
    coverage,
    days_needed,
    forecasts_from_origins,
    interval_bounds,
    origin_offsets,
    relative_errors,
    usable_offsets,
)
from ml.candidates import Candidate, Context, four_week_mean, seasonal_naive

CONTEXT = Context("US")


def _last_value(series: pd.Series[float], horizon: int, context: Context) -> np.ndarray:
    return np.full(horizon, float(series.iloc[-1]))


def test_no_origin_sees_what_it_forecasts() -> None:
    """On a rising series the last value is short by exactly the days ahead."""
    series = pd.Series(np.arange(1.0, 201.0), index=pd.date_range("2026-01-01", periods=200))
    found = forecasts_from_origins(
        series, [7], [Candidate("last", _last_value, is_naive=True)], CONTEXT
    )
    assert set(found) == {("last", offset) for offset in (0, *origin_offsets(7))}
    for (_, offset), ahead in found.items():
        first_day_ahead = 200.0 - offset + 1
        np.testing.assert_allclose(first_day_ahead + np.arange(7) - ahead, np.arange(1, 8))


def test_wape_is_total_error_over_total_actual() -> None:
    errors = OriginErrors(np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]]))
    assert errors.wape == pytest.approx(0.5)


def test_a_horizon_is_judged_from_the_first_day_on_that_leaves_three_origins() -> None:
    days = days_needed(90)
    assert len(usable_offsets(days, 90)) == 3
    assert len(usable_offsets(days - 1, 90)) == 2


def test_horizons_share_their_origins() -> None:
    every = {offset for horizon in (7, 30, 90) for offset in origin_offsets(horizon)}
    assert all(offset % 7 == 0 for offset in every)
    assert all(min(origin_offsets(horizon)) >= horizon for horizon in (7, 30, 90))


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
    assert seasonal_naive(series, 7, CONTEXT).tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert four_week_mean(series, 14, CONTEXT).tolist() == [1, 2, 3, 4, 5, 6, 7] * 2


def test_intervals_are_stretched_until_they_hold_what_they_promise() -> None:
    """Levels that change from origin to origin make intervals from the others too narrow."""
    dice = np.random.default_rng(3)
    judged = [
        OriginErrors(
            np.full((4, 30), 100.0),
            100 * (1 + dice.normal(0, 0.2, (4, 1)) + dice.normal(0, 0.1, (4, 30))),
        )
        for _ in range(40)
    ]
    plain = np.mean([coverage(errors, 0.8) for errors in judged])
    width = calibrated_width(judged, 0.8)
    held = np.mean([coverage(errors, 0.8, width) for errors in judged])
    assert plain < 0.75
    assert 0.8 <= held <= 0.84, "what two judged origins leave uncertain is added"


def test_what_is_rarely_sold_has_an_interval_from_nothing_on() -> None:
    relative = np.concatenate([np.full(40, -1.0), np.linspace(-0.5, 2.0, 60)])[None, :]
    lower, upper = interval_bounds(relative, 0.8)
    assert lower == -1.0
    assert np.mean((relative >= lower) & (relative <= upper)) == pytest.approx(0.8, abs=0.02)
