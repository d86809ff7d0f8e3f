"""Closed days stay missing; nothing is invented for them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from ml.calendar import (
    bridge_closed_days,
    closed_ahead,
    daily_series,
    open_day_zeros,
    public_holidays,
)
from ml.candidates import Context, prophet


def _sales(days: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame({"sale_date": list(days), "net_amount": list(days.values())})


def test_a_day_without_rows_is_missing_and_rows_of_a_day_add_up() -> None:
    rows = pd.concat([_sales({"2026-01-01": 1.0}), _sales({"2026-01-01": 2.0, "2026-01-03": 5.0})])
    series = daily_series(rows, last_date=date(2026, 1, 4))
    assert series.isna().tolist() == [False, True, False, True]
    assert series.dropna().tolist() == [3.0, 5.0]


def test_days_after_the_last_complete_one_are_ignored() -> None:
    series = daily_series(
        _sales({"2026-01-01": 1.0, "2026-01-09": 9.0}), last_date=date(2026, 1, 2)
    )
    assert len(series) == 2


def test_a_category_sold_nothing_on_an_open_day_and_is_missing_on_a_closed_one() -> None:
    days = pd.date_range("2026-01-01", periods=3)
    whole = pd.Series([10.0, np.nan, 10.0], index=days)
    part = open_day_zeros(pd.Series([4.0], index=days[:1]), whole)
    assert part.tolist()[0] == 4.0
    assert np.isnan(part.iloc[1])
    assert part.iloc[2] == 0.0


def test_fitting_sees_the_mean_of_the_same_weekday_before() -> None:
    values = np.arange(35, dtype=float)
    values[28] = np.nan
    series = pd.Series(values, index=pd.date_range("2026-01-01", periods=35))
    assert bridge_closed_days(series)[28] == np.mean([0, 7, 14, 21])


def test_four_closed_mondays_are_no_habit_but_eight_are() -> None:
    days = pd.date_range("2026-01-05", periods=20 * 7)  # begins on a Monday
    future = pd.date_range(days[-1] + pd.Timedelta(days=1), periods=7)
    for closed_weeks, expected in ((4, False), (8, True)):
        series = pd.Series(1.0, index=days)
        mondays = [day for day in days if day.dayofweek == 0]
        series[mondays[-closed_weeks:]] = np.nan
        assert closed_ahead(series, future, [])[0] == expected


def test_declared_closures_are_closed() -> None:
    series = pd.Series(1.0, index=pd.date_range("2026-01-01", periods=60))
    future = pd.date_range("2026-03-02", periods=3)
    assert closed_ahead(series, future, [date(2026, 3, 3)]).tolist() == [False, True, False]


def test_a_country_that_nobody_knows_the_holidays_of_has_none() -> None:
    assert public_holidays("DE", [2026])[date(2026, 10, 3)]
    assert public_holidays("ZZ", [2026]) == {}
    series = pd.Series(100.0, index=pd.date_range("2026-01-01", periods=90))
    assert np.allclose(prophet(series, 7, Context("ZZ")), 100, rtol=0.05)
