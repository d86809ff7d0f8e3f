"""Directions and breaks that are there are found, and those that are not are not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml.trends import MINIMUM_WEEKS, find_trends, weekly_values, without_season

LAST = date(2026, 9, 30)


def _days(levels: np.ndarray, seed: int = 1, key: str = "total") -> pd.DataFrame:
    """Poisson days around a level per day, busier at the weekend; the last one is ``LAST``."""
    days = pd.date_range(end=pd.Timestamp(LAST), periods=len(levels))
    busy = np.where(days.day_of_week >= 5, 1.5, 0.8)
    values = np.random.default_rng(seed).poisson(levels * busy).astype(float)
    return pd.DataFrame({
        "series_key": key, "metric": "orders", "day": days.date, "value": values,
        "noise_count": values, "unit_amount": 10.0,
    })  # fmt: skip


def _only(days: pd.DataFrame) -> pd.Series:
    found = find_trends(days, LAST).found
    assert len(found) == 1
    return found.iloc[0]


def test_a_steady_rise_has_its_slope_and_no_break() -> None:
    row = _only(_days(np.linspace(50, 150, 364)))
    assert row["direction"] == "rising"
    assert row["break_date"] is None
    # 100 more a day within 52 weeks are 13.5 more a week each week.
    assert row["lower_95_change_value"] < 13.5 < row["upper_95_change_value"]
    # A quarter's change, kept for a quarter, at 10 each.
    assert np.isclose(row["impact_amount"], row["weekly_change_value"] * 13 * 13 * 10)


def test_a_step_has_its_day_and_both_levels() -> None:
    levels = np.full(364, 60.0)
    levels[-70:] = 90.0
    row = _only(_days(levels))
    assert abs((row["break_date"] - (LAST - timedelta(days=69))).days) <= 7
    assert abs(row["before_break_value"] - 420) < 20
    assert abs(row["after_break_value"] - 630) < 25
    assert row["direction"] == "steady"


def test_nothing_is_mostly_called_nothing() -> None:
    """Of 100 flat series few get a direction (nominal: 5) or a break."""
    days = pd.concat([_days(np.full(364, 40.0), seed, f"s{seed}") for seed in range(100)])
    found = find_trends(days, LAST).found
    assert (found["direction"] != "steady").sum() <= 10
    assert found["break_date"].notna().sum() <= 5


def test_weeks_that_resemble_each_other_are_no_trend() -> None:
    """Slow waves without direction: the interval knows that neighbours are alike."""
    called = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        wave = np.zeros(52)
        for week in range(1, 52):
            wave[week] = 0.5 * wave[week - 1] + rng.normal(0, 6)
        called += _only(_days(np.repeat(60 + wave, 7).clip(5), seed))["direction"] != "steady"
    assert called / 60 <= 0.2


def test_one_odd_week_bends_nothing_and_is_no_level() -> None:
    levels = np.full(364, 60.0)
    levels[-40:-33] = 200.0
    row = _only(_days(levels))
    assert row["direction"] == "steady"
    assert row["break_date"] is None


def test_the_shape_of_the_year_is_no_trend_once_two_years_are_known() -> None:
    at = np.arange(1092)
    levels = 100 + 40 * np.sin(2 * np.pi * at / 365.25)
    known, young = _days(levels), _days(levels[-364:])
    assert _only(known)["is_seasonally_adjusted"]
    assert _only(known)["direction"] == "steady"
    assert not _only(young)["is_seasonally_adjusted"]
    assert _only(young)["direction"] != "steady"
    weeks = weekly_values(known, LAST, "amount")
    adjusted, _ = without_season(weeks)
    assert adjusted.std() < weeks.std() / 3
    assert abs(_only(known)["year_ago_value"] / weeks.iloc[-56:-52].median() - 1) < 1e-9


def test_a_closed_day_lowers_no_week_and_rates_are_weighed() -> None:
    days = _days(np.full(140, 50.0))
    whole = weekly_values(days, LAST, "amount")
    cut = weekly_values(days[days["day"] != LAST - timedelta(days=2)], LAST, "amount")
    assert len(whole) == len(cut) == 20
    assert abs(cut.iloc[-1] / whole.iloc[-1] - 1) < 0.15
    rates = pd.DataFrame({
        "day": [LAST - timedelta(days=1), LAST], "value": [0.1, 0.5], "noise_count": [90.0, 10.0],
    })  # fmt: skip
    early = rates.assign(day=[LAST - timedelta(days=8), LAST - timedelta(days=7)])
    weeks = weekly_values(pd.concat([early, rates]), LAST, "rate")
    assert np.isclose(weeks.iloc[-1], 0.14)


def test_short_series_are_refused_and_nothing_crashes() -> None:
    for count in (0, 1, 7, 30, MINIMUM_WEEKS * 7 - 1):
        result = find_trends(_days(np.full(count, 20.0)), LAST)
        assert result.found.empty
        assert len(result.refusals) == (1 if count else 0)
    assert len(find_trends(_days(np.full(MINIMUM_WEEKS * 7, 20.0)), LAST).found) == 1
    flat = _days(np.full(200, 20.0)).assign(value=0.0)
    assert _only(flat)["direction"] == "steady"
    rare = _days(np.full(400, 20.0)).iloc[::28]
    assert find_trends(rare, LAST).found.empty
    gone = _days(np.full(200, 20.0))
    gone = gone[gone["day"] < LAST - timedelta(days=60)]
    assert find_trends(gone, LAST).found.empty
