"""What the kitchen will need of each ingredient, and when it runs short.

Need is what dishes are expected to sell, taken apart by their recipes (bill of materials), the
yield included: of a kilogram with a yield of 80 % only 800 g reach the plate. Stock at the end of a
day is stock before it, and what arrives, less the need.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ml.evidence import evaluation_rows, refusal_rows

HORIZON_DAYS = 14
WEEKDAYS = 4
MINIMUM_DAYS = 28
ORIGINS = 4
MINIMUM_LEAD_TIMES = 3
# To the unit that a family is counted in.
UNITS = {
    "mg": ("g", 0.001), "g": ("g", 1.0), "kg": ("g", 1_000.0), "oz": ("g", 28.349523125),
    "lb": ("g", 453.59237), "ml": ("ml", 1.0), "cl": ("ml", 10.0), "dl": ("ml", 100.0),
    "l": ("ml", 1_000.0), "fl oz": ("ml", 29.5735295625), "gal": ("ml", 3_785.411784),
}  # fmt: skip

INGREDIENT_COLUMNS = (
    "ingredient_key", "ingredient_name", "location_key", "location_name", "unit_of_measure",
    "as_of_date", "plan_date", "dishes_count", "needed_quantity", "incoming_quantity",
    "stock_quantity", "shortfall_quantity", "recommendation",
)  # fmt: skip


@dataclass(frozen=True)
class IngredientPlan:
    """The plan (``INGREDIENT_COLUMNS``), its evidence, and what could not be planned."""

    plan: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame


def expected_units(
    sales: pd.DataFrame, as_of_date: date, closures: Collection[tuple[date, str | None]] = (), *,
    horizon_days: int = HORIZON_DAYS, weekdays: int = WEEKDAYS,
) -> pd.DataFrame:  # fmt: skip
    """What each product will sell: the mean of its place's last open same weekdays.

    The one place where product forecasts come in; any that gives these columns can replace it.

    Args:
        sales: ``product_key``, ``location_key``, ``location_name``, ``sale_date``, ``units``.
        as_of_date: the last day that is seen.
        closures: days on which a place (None: all) is closed.

    Returns:
        ``product_key``, ``location_key``, ``location_name``, ``plan_date``, ``expected_units``.
    """
    last = pd.Timestamp(as_of_date)
    rows = sales.assign(sale_date=pd.to_datetime(sales["sale_date"]))
    rows = rows[rows["sale_date"] <= last]
    parts = []
    for (place, name), mine in rows.groupby(["location_key", "location_name"], sort=True):
        daily = mine.pivot_table(
            index="sale_date", columns="product_key", values="units", aggfunc="sum", fill_value=0
        )
        # A day without any sale of the place was closed; a dish that sold nothing sold zero.
        is_open = daily.abs().sum(axis=1) > 0
        daily = daily[is_open].clip(lower=0)
        closed = {pd.Timestamp(day) for day, where in closures if where in (None, name)}
        for ahead in range(1, horizon_days + 1):
            day = last + pd.Timedelta(days=ahead)
            same = daily[pd.DatetimeIndex(daily.index).day_of_week == day.day_of_week].iloc[
                -weekdays:
            ]
            is_stale = same.empty or (last - same.index.max()).days > 7 * weekdays
            mean = same.mean(axis=0) * (0.0 if day in closed or is_stale else 1.0)
            parts.append(pd.DataFrame({
                "product_key": daily.columns, "location_key": place, "location_name": name,
                "plan_date": day.date(), "expected_units": mean.reindex(daily.columns).fillna(0.0),
            }))  # fmt: skip
    columns = ["product_key", "location_key", "location_name", "plan_date", "expected_units"]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]


def plan_ingredients(
    sales: pd.DataFrame, recipes: pd.DataFrame, stock: pd.DataFrame, purchases: pd.DataFrame,
    as_of_date: date, closures: Collection[tuple[date, str | None]] = (),
) -> IngredientPlan:  # fmt: skip
    """Plan the ingredients of the next two weeks.

    Args:
        sales: as for :func:`expected_units`.
        recipes: ``product_key``, ``ingredient_key``, ``ingredient_name``, ``unit_of_measure``,
            ``used_quantity`` (taken from the stock for one unit of the dish).
        stock: ``ingredient_key``, ``location_key``, ``on_hand_quantity`` in the recipe's unit.
        purchases: ``product_key`` (of the ingredient), ``location_key``, ``supplier_name``,
            ``ordered_date``, ``received_date`` (missing while under way), ``quantity``.
        as_of_date: the last complete day.
        closures: days on which a place (None: all) is closed.
    """
    nothing = pd.DataFrame(columns=list(INGREDIENT_COLUMNS))
    evidence = evaluation_rows()
    if recipes.empty:
        return IngredientPlan(nothing, evidence, refusal_rows(
            [("all", 0, ("There are no recipes: a file of the kind recipes tells what dishes "
              "are made of."))]))  # fmt: skip
    parts, reasons = _in_one_unit(recipes)
    cooked = sales[sales["product_key"].isin(parts["product_key"])]
    days = pd.to_datetime(cooked["sale_date"])
    count = int(days[days <= pd.Timestamp(as_of_date)].nunique())
    if count < MINIMUM_DAYS:
        reasons.append(("all", count, (f"Not enough data: dishes with a recipe were sold on "
                        f"{count} days, a plan needs {MINIMUM_DAYS}.")))  # fmt: skip
        return IngredientPlan(nothing, evidence, refusal_rows(reasons))
    need = _need(expected_units(cooked, as_of_date, closures), parts)
    plan = _balanced(need, stock, _incoming(purchases, as_of_date), as_of_date)
    uncounted = plan[plan["stock_quantity"].isna()].drop_duplicates(
        ["ingredient_key", "location_key"]
    )
    reasons += [
        (f"{row.ingredient_name} at {row.location_name}", 0,
         (f"The stock of {row.ingredient_name} at {row.location_name} is not counted, so only its "
         "need is told: a file of the kind inventory counts it."))
        for row in uncounted.itertuples(index=False)
    ]  # fmt: skip
    return IngredientPlan(
        plan.assign(as_of_date=as_of_date).reindex(columns=list(INGREDIENT_COLUMNS)),
        _judged(cooked, parts, as_of_date),
        refusal_rows(reasons),
    )


def _in_one_unit(recipes: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, int, str]]]:
    """Recipes with each ingredient in one unit; what cannot be brought to one is refused."""
    kept, reasons = [], []
    for _, mine in recipes.groupby("ingredient_key", sort=True):
        name = str(mine["ingredient_name"].iloc[0])
        units = mine["unit_of_measure"].fillna("").str.strip().str.lower()
        if units.nunique() > 1:
            known = [UNITS.get(unit) for unit in units]
            families = {each[0] if each else None for each in known}
            if len(families) > 1 or None in families:
                told = ", ".join(sorted(unit or "none" for unit in units.unique()))
                reasons.append((name, len(mine), (f"Recipes measure {name} in different units "
                                f"({told}): write them in one.")))  # fmt: skip
                continue
            factor = np.array([each[1] for each in known if each])
            mine = mine.assign(
                used_quantity=mine["used_quantity"] * factor, unit_of_measure=families.pop()
            )
        if mine["used_quantity"].isna().any():
            reasons.append((name, len(mine), f"A recipe has no quantity of {name}."))
            continue
        kept.append(mine)
    return pd.concat(kept, ignore_index=True) if kept else recipes.iloc[:0], reasons


def _need(expected: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Quantity of each ingredient by place and day."""
    used = expected.merge(parts, on="product_key")
    used["needed_quantity"] = used["expected_units"] * used["used_quantity"]
    keys = ["ingredient_key", "location_key", "location_name", "plan_date"]
    need = used.groupby(keys, sort=True, as_index=False).agg(
        needed_quantity=("needed_quantity", "sum"),
        dishes_count=("product_key", "nunique"),
        ingredient_name=("ingredient_name", "first"),
        unit_of_measure=("unit_of_measure", "first"),
    )
    # A place that makes nothing of it does not need it.
    whole = need.groupby(["ingredient_key", "location_key"])["needed_quantity"].transform("sum")
    return need[whole > 0].reset_index(drop=True)


def _incoming(purchases: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """What is under way, on the day it should come: its order's and the supplier's mean time."""
    last = pd.Timestamp(as_of_date)
    rows = purchases.assign(
        ordered=pd.to_datetime(purchases["ordered_date"]),
        received=pd.to_datetime(purchases["received_date"]),
    )
    rows = rows[rows["ordered"] <= last]
    came = rows["received"].notna() & (rows["received"] <= last)
    deliveries = rows[came].drop_duplicates(["supplier_name", "ordered", "received"])
    lead = (deliveries["received"] - deliveries["ordered"]).dt.days
    by_supplier = lead.groupby(deliveries["supplier_name"]).agg(["mean", "max", "count"])
    by_supplier = by_supplier[by_supplier["count"] >= MINIMUM_LEAD_TIMES]
    waiting = rows[~came].join(by_supplier, on="supplier_name", how="inner")
    # What should have come long ago will not.
    waiting = waiting[(last - waiting["ordered"]).dt.days <= 2 * waiting["max"].clip(lower=1)]
    due = waiting["ordered"] + pd.to_timedelta(waiting["mean"].round(), unit="D")
    due = due.clip(lower=last + pd.Timedelta(days=1))
    waiting = waiting.assign(plan_date=due.dt.date).rename(
        columns={"product_key": "ingredient_key", "quantity": "incoming_quantity"}
    )
    keys = ["ingredient_key", "location_key", "plan_date"]
    incoming: pd.DataFrame = waiting.groupby(keys)["incoming_quantity"].sum().reset_index()
    return incoming


def _balanced(
    need: pd.DataFrame, stock: pd.DataFrame, incoming: pd.DataFrame, as_of_date: date
) -> pd.DataFrame:
    keys = ["ingredient_key", "location_key"]
    plan = need.merge(incoming, on=[*keys, "plan_date"], how="left")
    plan["incoming_quantity"] = plan["incoming_quantity"].astype(float).fillna(0.0)
    known = stock.groupby(keys, as_index=False)["on_hand_quantity"].sum()
    plan = plan.merge(known, on=keys, how="left").sort_values([*keys, "plan_date"])
    moved = plan["incoming_quantity"] - plan["needed_quantity"]
    running = moved.groupby([plan[key] for key in keys]).cumsum()
    plan["stock_quantity"] = plan["on_hand_quantity"].astype(float) + running
    plan["shortfall_quantity"] = (-plan["stock_quantity"]).clip(lower=0.0)
    short = plan[plan["shortfall_quantity"] > 0].groupby(keys)["plan_date"].min().rename("first")
    plan = plan.join(short, on=keys)
    plan["recommendation"] = [_sentence(row, as_of_date) for row in plan.to_dict("records")]
    return plan.reset_index(drop=True)


def _sentence(row: Mapping[Any, Any], as_of_date: date) -> str | None:
    """Said once, on the day on which it begins to be missing."""
    day = row["plan_date"]
    if row["first"] != day:
        return None
    when = f"{day:%A}" if day - as_of_date <= timedelta(days=7) else f"{day:%A %d %B}"
    return (
        f"{row['ingredient_name']} runs short on {when} at {row['location_name']}: "
        f"{row['shortfall_quantity']:,.0f} {row['unit_of_measure'] or ''}".rstrip()
        + " are missing by the evening."
    )


def _judged(sales: pd.DataFrame, parts: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """How far the need of two weeks was from what dishes took, after several origins."""
    rules = {"mean_of_4_weekdays": WEEKDAYS, "same_weekday_last_week": 1}
    errors, used, count = dict.fromkeys(rules, 0.0), 0.0, 0
    days = pd.to_datetime(sales["sale_date"])
    for back in range(1, ORIGINS + 1):
        origin = as_of_date - timedelta(days=HORIZON_DAYS * back)
        start = pd.Timestamp(origin)
        if (start - days.min()).days + 1 < MINIMUM_DAYS:
            continue
        later = sales[(days > start) & (days <= start + pd.Timedelta(days=HORIZON_DAYS))]
        actual = _by_day(later.rename(columns={"units": "n", "sale_date": "day"}), parts)
        for rule, weekdays in rules.items():
            expected = expected_units(sales[days <= start], origin, weekdays=weekdays)
            told = _by_day(
                expected.rename(columns={"expected_units": "n", "plan_date": "day"}), parts
            )
            both = pd.concat([told.rename("told"), actual.rename("actual")], axis=1).fillna(0.0)
            # An ingredient counts by its own use, whatever its unit is.
            whole = both["actual"].groupby(level=0).transform("sum")
            both = both[whole > 0]
            errors[rule] += float(((both["told"] - both["actual"]).abs() / whole[whole > 0]).sum())
            count = max(count, len(both))
        used += float(actual.groupby(level=0).sum().gt(0).sum())
    if used == 0:
        return evaluation_rows()
    rows = [
        ("need by ingredient and day", rule, "wape", errors[rule] / used,
         rule == "same_weekday_last_week", rule == "mean_of_4_weekdays", count,
         f"{HORIZON_DAYS} days after each of up to {ORIGINS} origins, mean over ingredients.")
        for rule in rules
    ]  # fmt: skip
    return evaluation_rows(rows)


def _by_day(units: pd.DataFrame, parts: pd.DataFrame) -> pd.Series[float]:
    used = units.merge(parts, on="product_key")
    quantity = used["n"].clip(lower=0) * used["used_quantity"]
    day = pd.to_datetime(used["day"])
    return quantity.groupby([used["ingredient_key"], used["location_key"], day]).sum()
