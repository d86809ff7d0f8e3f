"""How many orders each hour of the next two weeks brings, and how many people they need.

The shape of a day comes from the last same weekdays, its size from the sales forecast of the place
where there is one. People are counted by what the place's own staff served per paid hour when it
was busy: in quiet hours somebody has to be there anyway, so those tell no limit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values
from ml.evidence import evaluation_rows, refusal_rows
from ml.stock_policy import demand_quantile

HORIZON_DAYS = 14
WEEKS = 8
MINIMUM_DAYS = 28
ORIGINS = 4
# An hour is open when at least this part of its same weekdays had an order.
OPEN_RATE = 0.25
BUSY_QUANTILE = 0.75
SCALE_LIMITS = (0.5, 2.0)
LEVEL = 0.80

STAFFING_COLUMNS = (
    "location_key", "location_name", "as_of_date", "plan_date", "work_hour", "expected_orders",
    "lower_80_orders", "upper_80_orders", "orders_per_labour_hour", "needed_staff_count",
    "usual_staff_count", "scheduled_staff_count", "difference_staff_count", "recommendation",
)  # fmt: skip


@dataclass(frozen=True)
class StaffingPlan:
    """The plan (``STAFFING_COLUMNS``), its evidence, and what could not be planned."""

    plan: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame


def plan_staffing(
    orders: pd.DataFrame, labour: pd.DataFrame, sales: pd.DataFrame, forecasts: pd.DataFrame,
    as_of_date: date, closures: Collection[tuple[date, str | None]] = (),
) -> StaffingPlan:  # fmt: skip
    """Plan the open hours of every place.

    Args:
        orders: ``location_key``, ``location_name``, ``sale_date``, ``sale_hour`` (local, 0 to 23),
            ``orders_count``.
        labour: ``location_key``, ``work_date``, ``work_hour``, ``paid_hours``; days after
            ``as_of_date`` are what is scheduled.
        sales: ``location_name``, ``sale_date``, ``net_amount``.
        forecasts: ``location_name``, ``sale_date``, ``forecast_amount`` of days ahead.
        as_of_date: the last complete day.
        closures: days on which a place (None: all) is closed.
    """
    last = pd.Timestamp(as_of_date)
    plans, evidence, reasons = [], [], []
    ordered = orders.assign(sale_date=pd.to_datetime(orders["sale_date"]))
    ordered = ordered[ordered["sale_date"] <= last]
    key: Any
    name: Any
    for (key, name), mine in ordered.groupby(["location_key", "location_name"], sort=True):
        hours = _hours(mine, last)
        days = int((hours.sum(axis=1) > 0).sum())
        if len(hours) < MINIMUM_DAYS or days < MINIMUM_DAYS // 2:
            reasons.append((str(name), days, (f"Not enough data: {name} has {days} days with "
                            f"orders, a staffing plan needs {MINIMUM_DAYS}.")))  # fmt: skip
            continue
        judged, rule = _judged(hours, str(name))
        evidence.append(judged)
        scale = _scale(sales[sales["location_name"] == name], forecasts, str(name), last)
        closed = {pd.Timestamp(day) for day, place in closures if place in (None, name)}
        expected = _expected(hours, rule, scale, closed)
        at_work = _labour_hours(labour[labour["location_key"] == key], last)
        if at_work.empty:
            reasons.append((str(name), 0, (f"No staff can be planned at {name}: there are no "
                            "timecards to measure its orders per paid hour.")))  # fmt: skip
        rows = _planned(hours, expected, at_work, labour[labour["location_key"] == key], last)
        plans.append(rows.assign(location_key=key, location_name=name, as_of_date=as_of_date))
    plan = pd.concat(plans, ignore_index=True) if plans else pd.DataFrame()
    if len(plan):
        plan = plan.assign(recommendation=[_sentence(row) for row in plan.to_dict("records")])
    elif not reasons:
        reasons.append(("all", 0, "Not enough data: there are no orders with an hour yet."))
    return StaffingPlan(
        plan.reindex(columns=list(STAFFING_COLUMNS)),
        pd.concat(evidence, ignore_index=True) if evidence else evaluation_rows(),
        refusal_rows(reasons),
    )


def _hours(orders: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Orders by day and local hour, every day since the first."""
    table = orders.pivot_table(
        index="sale_date", columns="sale_hour", values="orders_count", aggfunc="sum", fill_value=0
    )
    days = pd.date_range(table.index.min(), last, freq="D")
    return table.reindex(index=days, columns=range(24), fill_value=0).astype(float)


def _weekdays(by_day: pd.DataFrame | pd.Series[float]) -> pd.Index[int]:
    return pd.DatetimeIndex(by_day.index).day_of_week


def _same_weekdays(hours: pd.DataFrame, day: pd.Timestamp, weeks: int) -> pd.DataFrame:
    """The last open days of a day's weekday; a closed day tells nothing of an open one."""
    same = hours[_weekdays(hours) == day.day_of_week]
    return same[same.sum(axis=1) > 0].iloc[-weeks:]


def _forecast(hours: pd.DataFrame, day: pd.Timestamp, weeks: int) -> Values:
    same = _same_weekdays(hours, day, weeks)
    if same.empty:
        return np.zeros(24)
    is_open = (same > 0).mean(axis=0).to_numpy() >= OPEN_RATE
    mean: Values = np.where(is_open, same.mean(axis=0).to_numpy(float), 0.0)
    return mean


RULES = {"same_hour_last_week": 1, "mean_of_4_weeks": 4, "mean_of_8_weeks": WEEKS}


def _judged(hours: pd.DataFrame, name: str) -> tuple[pd.DataFrame, int]:
    """How far each rule was from the orders of two weeks after several origins, and the best."""
    origins = [
        len(hours) - HORIZON_DAYS * back
        for back in range(1, ORIGINS + 1)
        if len(hours) - HORIZON_DAYS * back >= MINIMUM_DAYS // 2
    ]
    errors = dict.fromkeys(RULES, 0.0)
    sold, count, inside = 0.0, 0, dict.fromkeys(RULES, 0)
    for origin in origins:
        past = hours.iloc[:origin]
        for day, actual in hours.iloc[origin : origin + HORIZON_DAYS].iterrows():
            # A day that was closed unforeseen is no error of the shape of open days.
            if actual.sum() == 0:
                continue
            values = actual.to_numpy(float)
            # Hours in which nobody ever comes are easily foreseen.
            counts = (values > 0) | (_forecast(past, pd.Timestamp(day), WEEKS) > 0)  # type: ignore[arg-type]
            sold, count = sold + values.sum(), count + int(counts.sum())
            for rule, weeks in RULES.items():
                mean = _forecast(past, pd.Timestamp(day), weeks)  # type: ignore[arg-type]
                low, high = _interval(mean, _dispersion(past))
                errors[rule] += float(np.abs(values - mean).sum())
                inside[rule] += int(((low <= values) & (values <= high) & counts).sum())
    best = min(errors, key=lambda rule: (errors[rule], -RULES[rule]))
    rows = [
        (name, rule, metric, value, rule == "same_hour_last_week", rule == best, count,
         (f"Orders by hour, {HORIZON_DAYS} days after each of {len(origins)} origins; "
         "before scaling by the sales forecast."))
        for rule in RULES
        for metric, value in (
            ("wape", errors[rule] / sold if sold else 0.0),
            ("coverage_80", inside[rule] / count if count else 0.0),
        )
    ]  # fmt: skip
    return evaluation_rows(rows), RULES[best]


def _dispersion(hours: pd.DataFrame) -> float:
    """How much more the orders of an hour vary than Poisson's around their weekday's mean."""
    recent = hours.iloc[-WEEKS * DAYS_PER_WEEK :]
    recent = recent[recent.sum(axis=1) > 0]
    mean = recent.groupby(_weekdays(recent)).transform("mean").to_numpy(float)
    seen = mean > 0
    if not seen.any():
        return 1.0
    count = recent.groupby(_weekdays(recent)).transform("count").to_numpy(float)
    squares = ((recent.to_numpy(float) - mean) ** 2 * count / np.maximum(count - 1, 1))[seen]
    return float(max(1.0, squares.sum() / mean[seen].sum()))


def _interval(mean: Values, dispersion: float) -> tuple[Values, Values]:
    variance = mean * dispersion
    tail = (1 - LEVEL) / 2
    return demand_quantile(mean, variance, tail), demand_quantile(mean, variance, 1 - tail)


def _scale(
    sales: pd.DataFrame, forecasts: pd.DataFrame, name: str, last: pd.Timestamp
) -> pd.Series[float]:
    """Per day ahead: its forecast sales against those of its last weekdays; one without either."""
    ahead = pd.date_range(last + pd.Timedelta(days=1), periods=HORIZON_DAYS, freq="D")
    mine = forecasts[forecasts["location_name"] == name]
    told = mine.assign(day=pd.to_datetime(mine["sale_date"])).groupby("day")["forecast_amount"]
    expected = told.mean().reindex(ahead)
    daily = sales.assign(day=pd.to_datetime(sales["sale_date"])).groupby("day")["net_amount"].sum()
    daily = daily[(daily.index <= last) & (daily > 0)]
    usual = pd.Series(
        [daily[_weekdays(daily) == day.day_of_week].iloc[-WEEKS:].mean() for day in ahead],
        index=ahead, dtype=float,
    )  # fmt: skip
    scale: pd.Series[float] = expected.div(usual).clip(*SCALE_LIMITS).fillna(1.0)
    return scale


def _expected(
    hours: pd.DataFrame, weeks: int, scale: pd.Series[float], closed: Collection[pd.Timestamp]
) -> pd.DataFrame:
    """Orders by day ahead and hour; nothing on a closed day and in a closed hour."""
    rows = {
        day: np.zeros(24) if day in closed else _forecast(hours, day, weeks) * part
        for day, part in scale.items()
        if isinstance(day, pd.Timestamp)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=range(24))


def _labour_hours(labour: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Paid hours by day and hour of the last weeks."""
    rows = labour.assign(work_date=pd.to_datetime(labour["work_date"]))
    since = last - pd.Timedelta(weeks=WEEKS)
    rows = rows[(rows["work_date"] > since) & (rows["work_date"] <= last)]
    if rows.empty:
        return pd.DataFrame()
    table = rows.pivot_table(
        index="work_date", columns="work_hour", values="paid_hours", aggfunc="sum", fill_value=0
    )
    return table.reindex(columns=range(24), fill_value=0).astype(float)


def orders_per_labour_hour(hours: pd.DataFrame, at_work: pd.DataFrame) -> float | None:
    """Orders per paid hour in the busiest quarter of the staffed hours; None where none is known.

    Args:
        hours: orders by day and hour.
        at_work: paid hours by day and hour.
    """
    if at_work.empty:
        return None
    served = hours.reindex(index=at_work.index, fill_value=0.0).to_numpy(float).ravel()
    paid = at_work.to_numpy(float).ravel()
    staffed = (paid > 0) & (served > 0)
    if not staffed.any():
        return None
    busy = staffed & (served >= np.quantile(served[staffed], BUSY_QUANTILE))
    return float(served[busy].sum() / paid[busy].sum())


def _planned(
    hours: pd.DataFrame, expected: pd.DataFrame, at_work: pd.DataFrame, labour: pd.DataFrame,
    last: pd.Timestamp,
) -> pd.DataFrame:  # fmt: skip
    rate, dispersion = orders_per_labour_hour(hours, at_work), _dispersion(hours)
    days = pd.to_datetime(labour["work_date"])
    scheduled = labour[days > last].assign(work_date=days[days > last])
    booked = scheduled.groupby(["work_date", "work_hour"])["paid_hours"].sum()
    rows = []
    for day, orders in zip(expected.index, expected.to_numpy(float), strict=True):
        low, high = _interval(orders, dispersion)
        same = at_work[_weekdays(at_work) == day.day_of_week] if len(at_work) else at_work
        usual = same.mean(axis=0).to_numpy(float) if len(same) else np.full(24, np.nan)
        for hour in np.flatnonzero(orders > 0):
            needed = None if rate is None else max(1, int(np.ceil(orders[hour] / rate - 1e-9)))
            there = booked.get((day, int(hour)), np.nan) if len(scheduled) else np.nan
            reference = usual[hour] if np.isnan(there) else there
            rows.append({
                "plan_date": day.date(),
                "work_hour": int(hour),
                "expected_orders": orders[hour],
                "lower_80_orders": low[hour],
                "upper_80_orders": high[hour],
                "orders_per_labour_hour": rate,
                "needed_staff_count": needed,
                "usual_staff_count": usual[hour],
                "scheduled_staff_count": there,
                "difference_staff_count": None if needed is None else needed - reference,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _sentence(row: Mapping[Any, Any]) -> str:
    day, orders, needed = row["plan_date"], row["expected_orders"], row["needed_staff_count"]
    what = f"{day:%A %d %B}, {row['work_hour']}:00: about {orders:,.0f} orders"
    if pd.isna(needed):
        return f"{what}."
    booked, usual = row["scheduled_staff_count"], row["usual_staff_count"]
    planned = not pd.isna(booked)
    there = booked if planned else usual
    people = f"{what} need {needed:.0f} at work"
    if pd.isna(there):
        return f"{people}."
    word = "are scheduled" if planned else "are usually there"
    gap = float(needed - there)
    advice = (
        f": {gap:.0f} more" if gap >= 1 else f": {-gap:.0f} fewer would do" if gap <= -1 else ""
    )
    return f"{people}, {there:.1f} {word}{advice}."
