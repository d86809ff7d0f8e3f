"""Sales as the study of prices needs them: units and days on offer, by product, place and price."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values

# Lowest distance of a price from another, so that a rounding is no change of price.
PRICE_STEP = 0.01
# From this part of its sales off the list price on, a week counts as a promotion.
PROMOTED_RATE = 0.05
# Fewer units in a week do not tell whether there was a promotion.
TELLING_UNITS = 5
# Days of sales in a row that make a price one of the list.
RUN_DAYS = 3
CELL = ["product_key", "location_key", "week", "price"]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def price_cells(sales: pd.DataFrame, stock_outs: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """Units sold and days on offer, by product, location, week and price.

    Args:
        sales: ``product_key``, ``category_name``, ``location_key``, ``sale_date``,
            ``unit_price_amount`` (before discounts; missing where it tells no list price, as of a
            foreign currency), ``units``, ``discount_amount``; a row per product, location, day and
            price.
        stock_outs: ``product_key``, ``location_key``, ``stock_date``: days that do not count.
        as_of_date: the last complete day.

    Returns:
        ``product_key, location_key, week`` (number of the seven days, the last of which ends with
        ``as_of_date``), ``price``, ``units``, ``exposure`` (days on offer, by what a day of that
        weekday is worth at the location; a day on which the whole location sold nothing is worth
        nothing), ``is_promoted`` (1 when it was sold below its list price that week).
    """
    rows = sales.assign(sale_date=pd.to_datetime(sales["sale_date"]))
    last = pd.Timestamp(as_of_date)
    rows = rows[(rows["units"] > 0) & (rows["sale_date"] <= last)]
    # What was never sold at a known price tells nothing.
    rows = rows[rows.groupby("product_key")["unit_price_amount"].transform("count") > 0]
    if rows.empty:
        return pd.DataFrame(columns=[*CELL, "units", "exposure", "is_promoted"], dtype=float)
    # Days are counted back from the last: whole weeks, and the newest is complete.
    rows = rows.assign(age=(last - rows["sale_date"]).dt.days)
    span = int(rows["age"].max()) + 1
    worth = _worth_of_days(rows, span)
    out = stock_outs.assign(age=(last - pd.to_datetime(stock_outs["stock_date"])).dt.days)
    out = out[(out["age"] >= 0) & (out["age"] < span)]
    missing: dict[Any, Numbers] = {
        shelf: ages.to_numpy(np.int64)
        for shelf, ages in out.groupby(["product_key", "location_key"])["age"]
    }
    parts = []
    for product, mine in rows.groupby("product_key", sort=True):
        pooled = _price_of_days(mine, span)
        shelves = {str(place): here for place, here in mine.groupby("location_key", sort=True)}
        is_common = all(_follows(here, pooled) for here in shelves.values())
        for location, here in shelves.items():
            is_own = not is_common and here["unit_price_amount"].notna().any()
            price = _price_of_days(here, span) if is_own else pooled
            exposure = worth[location].copy()
            exposure[missing.get((product, location), [])] = 0.0
            shelf = _cells_of_shelf(here, price, exposure)
            parts.append(shelf.assign(product_key=product, location_key=location))
    cells = pd.concat(parts, ignore_index=True)
    return cells.assign(is_promoted=_is_promoted(cells, rows))


def _cells_of_shelf(here: pd.DataFrame, price: Values, exposure: Values) -> pd.DataFrame:
    ages = here["age"].to_numpy(np.int64)
    first, last = _life(ages)
    exposure[first + 1 :] = 0.0
    exposure[:last] = 0.0
    span = len(price)
    frame = pd.DataFrame({
        "week": -(np.arange(span) // DAYS_PER_WEEK), "price": price, "exposure": exposure,
        "units": np.bincount(ages, here["units"], span),
    })  # fmt: skip
    return frame[frame["exposure"] > 0].groupby(["week", "price"], as_index=False).sum()


def _worth_of_days(rows: pd.DataFrame, span: int) -> dict[str, Values]:
    """Per location, what each day is worth beside the mean day: by its weekday, nothing if shut."""
    worth: dict[str, Values] = {}
    weekday = np.arange(span) % DAYS_PER_WEEK
    for location, here in rows.groupby("location_key"):
        sold = np.bincount(here["age"], here["units"], span)
        is_open = sold > 0
        by_weekday = np.bincount(weekday, sold, DAYS_PER_WEEK) / np.maximum(
            np.bincount(weekday, is_open, DAYS_PER_WEEK), 1
        )
        worth[str(location)] = by_weekday[weekday] * is_open / by_weekday.mean()
    return worth


def _price_of_days(rows: pd.DataFrame, span: int) -> Values:
    """The list price of each day: of the nearest day on which it is known.

    A price is on the list when it held for several days of sales in a row. The odd sale at another
    price (a lot for a reseller, a foreign customer's, an arm of a price test) tells none, however
    many units it has: it would look like a low price that sells well.
    """
    told = rows.dropna(subset=["unit_price_amount"])
    # A place has one say a day, whatever it sold.
    votes = told.groupby(["age", "unit_price_amount"])["units"].agg(["size", "sum"]).reset_index()
    votes = votes.sort_values(["age", "size", "sum", "unit_price_amount"])
    daily = votes.groupby("age")["unit_price_amount"].last()
    moved = (daily / daily.shift() - 1).abs() > PRICE_STEP
    run = moved.cumsum()
    held = daily[run.groupby(run).transform("size") >= RUN_DAYS]
    listed = held if len(held) else daily
    days = listed.index.to_numpy()
    after = np.clip(np.searchsorted(days, np.arange(span)), 0, len(days) - 1)
    before = np.maximum(after - 1, 0)
    is_nearer = np.abs(days[before] - np.arange(span)) <= np.abs(days[after] - np.arange(span))
    prices: Values = listed.to_numpy(dtype=float)[np.where(is_nearer, before, after)]
    return prices


def _follows(here: pd.DataFrame, pooled: Values) -> bool:
    """A location has the common price list when it sells at those prices."""
    differs = (here["unit_price_amount"] / pooled[here["age"]] - 1).abs() > PRICE_STEP
    return bool(here.loc[differs, "units"].sum() <= 0.1 * here["units"].sum())


def _life(ages: Numbers) -> tuple[int, int]:
    """Age of the first and the last day on offer; silence at the end is no demand of zero."""
    days = np.unique(ages)
    gap = (days[-1] - days[0] + 1) / len(days)
    is_given_up = days[0] > max(28.0, 6 * gap)
    return int(days[-1]), int(days[0]) if is_given_up else 0


def _is_promoted(cells: pd.DataFrame, rows: pd.DataFrame) -> pd.Series[float]:
    """1 where what was taken off the list price is a promotion's, not the odd reduced line.

    A product with few sales that week tells nothing: then its category does, then its location.
    """
    rows = rows.assign(
        week=-(rows["age"] // DAYS_PER_WEEK), listed=rows["unit_price_amount"] * rows["units"]
    )
    category = rows.groupby("product_key")["category_name"].first()
    cells = cells.assign(category_name=cells["product_key"].map(category))
    rate = pd.Series(np.nan, index=cells.index)
    for level in ("product_key", "category_name", None):
        keys = [*([level] if level else []), "location_key", "week"]
        told = rows.groupby(keys)[["units", "discount_amount", "listed"]].sum()
        told = told[told["units"] >= TELLING_UNITS]
        found = (told["discount_amount"] / told["listed"]).rename("rate")
        rate = rate.fillna(cells.join(found, on=keys)["rate"])
    return (rate.fillna(0.0) >= PROMOTED_RATE).astype(float)
