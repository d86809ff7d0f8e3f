"""Staffing: hours as they are worked, people as they are needed, closed days left out."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.staffing import STAFFING_COLUMNS, StaffingPlan, orders_per_labour_hour, plan_staffing

LAST = date(2026, 9, 30)  # a Wednesday
SHAPE = {8: 4, 9: 10, 10: 12, 11: 8, 12: 20, 13: 18, 14: 6, 15: 4}
NO_SALES = pd.DataFrame(columns=["location_name", "sale_date", "net_amount"])
NO_FORECASTS = pd.DataFrame(columns=["location_name", "sale_date", "forecast_amount"])
NO_LABOUR = pd.DataFrame(columns=["location_key", "work_date", "work_hour", "paid_hours"])


def _orders(days: int = 84, *, closed_weekday: int = 6, seed: int = 1) -> pd.DataFrame:
    """A café that opens from 8 to 16, twice as busy on Saturdays, shut on Sundays."""
    dice = np.random.default_rng(seed)
    rows = [
        ("L", "Café", day, hour, float(dice.poisson(mean * (2 if day.weekday() == 5 else 1))))
        for day in (LAST - timedelta(days=back) for back in range(days))
        if day.weekday() != closed_weekday
        for hour, mean in SHAPE.items()
    ]
    columns = ["location_key", "location_name", "sale_date", "sale_hour", "orders_count"]
    return pd.DataFrame(rows, columns=columns).query("orders_count > 0")


def _labour(days: int = 84, people: float = 2.0) -> pd.DataFrame:
    rows = [
        ("L", day, hour, people)
        for day in (LAST - timedelta(days=back) for back in range(days))
        if day.weekday() != 6
        for hour in SHAPE
    ]
    return pd.DataFrame(rows, columns=NO_LABOUR.columns)


def _plan(**changes: object) -> StaffingPlan:
    given: dict[str, object] = {
        "orders": _orders(), "labour": _labour(), "sales": NO_SALES, "forecasts": NO_FORECASTS,
        "as_of_date": LAST, "closures": (),
    } | changes  # fmt: skip
    return plan_staffing(**given)  # type: ignore[arg-type]


def test_each_open_hour_of_two_weeks_is_planned_and_no_other() -> None:
    plan = _plan().plan
    assert list(plan.columns) == list(STAFFING_COLUMNS)
    assert set(plan["work_hour"]) == set(SHAPE)
    days = set(plan["plan_date"])
    assert len(days) == 12
    assert all(day.weekday() != 6 and LAST < day <= LAST + timedelta(14) for day in days)


def test_a_saturday_noon_needs_twice_the_people() -> None:
    plan = _plan().plan.set_index(["plan_date", "work_hour"])
    thursday, saturday = plan.loc[(date(2026, 10, 1), 12)], plan.loc[(date(2026, 10, 3), 12)]
    assert thursday["expected_orders"] == pytest.approx(20, abs=4)
    assert saturday["expected_orders"] == pytest.approx(40, abs=6)
    # The busiest quarter of the hours served about 20 to 40 with two people.
    assert 10 < thursday["orders_per_labour_hour"] < 18
    for row in (thursday, saturday):
        people = np.ceil(row["expected_orders"] / row["orders_per_labour_hour"])
        assert row["needed_staff_count"] == people
    assert (thursday["needed_staff_count"], saturday["needed_staff_count"]) == (2, 4)
    assert saturday["usual_staff_count"] == 2
    assert saturday["recommendation"].startswith("Saturday 03 October, 12:00: about ")
    assert saturday["recommendation"].endswith("need 4 at work, 2.0 are usually there: 2 more.")


def test_productivity_is_that_of_the_busy_hours() -> None:
    hours = pd.DataFrame([[1.0, 1.0, 1.0, 12.0]])
    at_work = pd.DataFrame([[1.0, 1.0, 1.0, 2.0]])
    assert orders_per_labour_hour(hours, at_work) == 6.0
    assert orders_per_labour_hour(hours, at_work * 0) is None
    assert orders_per_labour_hour(hours, at_work.iloc[:0]) is None


def test_the_size_of_a_day_is_that_of_the_sales_forecast() -> None:
    days = [LAST - timedelta(days=back) for back in range(84)]
    sales = pd.DataFrame({"location_name": "Café", "sale_date": days, "net_amount": 1_000.0})
    ahead = [LAST + timedelta(days=step) for step in range(1, 15)]
    told = pd.DataFrame({"location_name": "Café", "sale_date": ahead, "forecast_amount": 1_500.0})
    plain, scaled = _plan().plan, _plan(sales=sales, forecasts=told).plan
    ratio = scaled["expected_orders"] / plain["expected_orders"]
    assert ratio.min() == pytest.approx(1.5)
    assert ratio.max() == pytest.approx(1.5)
    other = told.assign(location_name="Elsewhere")
    pd.testing.assert_frame_equal(_plan(sales=sales, forecasts=other).plan, plain)


def test_closures_of_the_place_or_of_all_have_no_hours() -> None:
    closures = [(date(2026, 10, 2), None), (date(2026, 10, 3), "Café"), (date(2026, 10, 5), "Bar")]
    days = set(_plan(closures=closures).plan["plan_date"])
    assert date(2026, 10, 2) not in days
    assert date(2026, 10, 3) not in days
    assert date(2026, 10, 5) in days


def test_a_day_that_was_shut_is_not_a_quiet_one() -> None:
    orders = _orders()
    shut = orders[orders["sale_date"] != LAST]
    plan = _plan(orders=shut).plan.set_index(["plan_date", "work_hour"])
    assert plan.loc[(date(2026, 10, 7), 12), "expected_orders"] == pytest.approx(20, abs=4)


def test_what_is_scheduled_is_compared_first() -> None:
    later = pd.DataFrame([("L", date(2026, 10, 3), 12, 1.0)], columns=NO_LABOUR.columns)
    plan = _plan(labour=pd.concat([_labour(), later])).plan.set_index(["plan_date", "work_hour"])
    row = plan.loc[(date(2026, 10, 3), 12)]
    assert (row["scheduled_staff_count"], row["difference_staff_count"]) == (1.0, 3.0)
    assert row["recommendation"].endswith("1.0 are scheduled: 3 more.")


def test_the_mean_of_weeks_beats_last_week_and_its_interval_covers() -> None:
    judged = _plan().evaluations.set_index(["model", "metric"])["value"]
    assert judged["mean_of_8_weeks", "wape"] < judged["same_hour_last_week", "wape"]
    assert 0.75 <= judged["mean_of_8_weeks", "coverage_80"] <= 0.93
    chosen = _plan().evaluations.query("is_selected")["model"].unique()
    assert list(chosen) == ["mean_of_8_weeks"]


def test_without_timecards_orders_are_told_and_people_refused() -> None:
    result = _plan(labour=NO_LABOUR)
    assert len(result.plan) == 12 * len(SHAPE)
    assert result.plan["needed_staff_count"].isna().all()
    assert result.refusals["reason"].iloc[0].startswith("No staff can be planned at Café")


@pytest.mark.parametrize("days", [0, 1, 7, 30, 60, 400])
def test_few_days_are_refused_with_the_number_needed(days: int) -> None:
    result = _plan(orders=_orders(days), labour=_labour(days))
    assert list(result.plan.columns) == list(STAFFING_COLUMNS)
    if days < 30:
        assert result.plan.empty
        assert result.refusals["reason"].str.startswith("Not enough data: ").all()
    else:
        assert len(result.plan) == 12 * len(SHAPE)
