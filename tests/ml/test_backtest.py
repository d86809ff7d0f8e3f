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
from ml.candidates import (
    CANDIDATES,
    Candidate,
    Context,
    auto_ets,
    auto_ets_from_origins,
    four_week_mean,
    harmonic_regression,
    seasonal_naive,
)

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


def _shop(days: int) -> pd.Series[float]:
    """Sales with a week and a year, closed on Mondays."""
    index = pd.date_range("2023-01-02", periods=days)
    usual = 100 * (1 + 0.3 * np.sin(2 * np.pi * index.day_of_year / 365.25))
    values = np.random.default_rng(5).poisson(usual * (1 + 0.1 * index.day_of_week)).astype(float)
    return pd.Series(np.where(index.day_of_week == 0, np.nan, values), index=index)


def test_no_method_sees_what_comes_after_an_origin() -> None:
    quick = [each for each in CANDIDATES if each.name != "prophet"]
    series = _shop(400)
    changed = series.copy()
    changed.iloc[-56:] *= 3
    before, after = (
        forecasts_from_origins(each, [7, 30], quick, CONTEXT) for each in (series, changed)
    )
    earlier = [key for key in before if key[1] >= 56]
    assert len(earlier) >= 6 * len(quick)
    for key in earlier:
        np.testing.assert_array_equal(before[key], after[key], err_msg=str(key))
    assert not np.array_equal(before["auto_ets", 0], after["auto_ets", 0])


def test_a_fit_that_is_used_on_is_brought_up_to_date() -> None:
    """It knows of the last month, which doubled, what a fit of its own knows."""
    series = _shop(500)
    series.iloc[-63:] *= 2
    found = auto_ets_from_origins(series, {0: 30, 91: 30}, CONTEXT)
    alone = auto_ets(series, 30, CONTEXT)
    assert found[0].mean() == pytest.approx(alone.mean(), rel=0.15)
    assert found[0].mean() > 1.5 * found[91].mean()


def test_a_year_is_learned_from_two_and_kept_apart_from_the_level() -> None:
    series = _shop(1_000)
    actual = _shop(1_090).iloc[-90:]
    is_open = actual.notna().to_numpy()
    ahead = harmonic_regression(series, 90, CONTEXT)
    errors = np.abs(ahead - actual)[is_open].sum() / actual.sum()
    naive = np.abs(four_week_mean(series, 90, CONTEXT) - actual)[is_open].sum() / actual.sum()
    assert errors < 0.1 < naive
    doubled = harmonic_regression(series * 2, 90, CONTEXT)
    np.testing.assert_allclose(doubled, 2 * ahead, rtol=1e-6)


@pytest.mark.parametrize("values", [np.zeros(60), np.full(60, np.nan), np.full(60, -1.0)])
def test_nothing_sold_is_forecast_as_nothing(values: np.ndarray) -> None:
    series = pd.Series(values, index=pd.date_range("2026-01-01", periods=60))
    assert harmonic_regression(series, 7, CONTEXT).tolist() == [0.0] * 7


def test_wape_is_total_error_over_total_actual() -> None:
    errors = OriginErrors(np.array([[1.0, 2.0]]), np.array([[2.0, 4.0]]))
    assert errors.wape == pytest.approx(0.5)


@pytest.mark.parametrize(("forecast", "wape"), [(0.0, 0.0), (1.0, float("inf"))])
def test_wape_of_days_without_a_sale(forecast: float, wape: float) -> None:
    assert OriginErrors(np.array([[forecast, 0.0]]), np.zeros((1, 2))).wape == wape


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
