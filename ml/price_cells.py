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
SHELF = ["product_key", "location_key"]
CELL = [*SHELF, "week", "price"]
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
    missing = _ages_of(out)
    shelves: dict[Any, Any] = dict(rows.groupby(SHELF, sort=True).indices)
    prices = _list_prices(rows, shelves, span)
    ages, units = rows["age"].to_numpy(), rows["units"].to_numpy()
    parts = []
    for number, (shelf, at) in enumerate(shelves.items()):
        exposure = worth[shelf[1]].copy()
        exposure[missing.get(shelf, [])] = 0.0
        parts.append(_days_of_shelf(number, ages[at], units[at], prices[shelf], exposure))
    days = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    cells = days.groupby(["shelf", "week", "price"], as_index=False, sort=True).sum()
    for name, values in zip(SHELF, zip(*shelves, strict=True), strict=True):
        cells[name] = np.array(values)[cells["shelf"]]
    return cells.drop(columns="shelf").assign(is_promoted=_is_promoted(cells, rows))


def _list_prices(rows: pd.DataFrame, shelves: dict[Any, Any], span: int) -> dict[Any, Values]:
    """The list price of each day by shelf: the product's, or the place's where one has its own."""
    ages, units, listed = (rows[name].to_numpy() for name in ("age", "units", "unit_price_amount"))
    common, own = (
        {key: _price_of_days(*days, span) for key, days in _daily_prices(rows, names).items()}
        for names in (["product_key"], SHELF)
    )
    with_own = {
        product
        for (product, _), at in shelves.items()
        if not _follows(listed[at], units[at], common[product][ages[at]])
    }
    return {
        shelf: own[shelf] if shelf[0] in with_own and shelf in own else common[shelf[0]]
        for shelf in shelves
    }


def _ages_of(rows: pd.DataFrame) -> dict[Any, Numbers]:
    """The ages of rows by shelf."""
    ages = rows["age"].to_numpy(np.int64)
    return {shelf: ages[at] for shelf, at in rows.groupby(SHELF).indices.items()}


def _days_of_shelf(
    number: int, ages: Numbers, units: Values, price: Values, exposure: Values
) -> dict[str, Values]:
    """The days on which a product was on offer at a place."""
    first, last = _life(ages)
    exposure[first + 1 :] = 0.0
    exposure[:last] = 0.0
    span = np.arange(len(price))
    columns = {
        "shelf": np.full(len(price), number), "week": -(span // DAYS_PER_WEEK), "price": price,
        "exposure": exposure, "units": np.bincount(ages, units, len(price)),
    }  # fmt: skip
    return {name: values[exposure > 0] for name, values in columns.items()}


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


def _daily_prices(rows: pd.DataFrame, names: list[str]) -> dict[Any, tuple[Numbers, Values]]:
    """By the values of ``names``: the ages of days of sales at a known price, and the price."""
    known = rows.dropna(subset=["unit_price_amount"])
    # A place has one say a day, whatever it sold.
    votes = known.groupby([*names, "age", "unit_price_amount"])["units"].agg(["size", "sum"])
    votes = votes.reset_index().sort_values([*names, "age", "size", "sum", "unit_price_amount"])
    daily = votes.drop_duplicates([*names, "age"], keep="last")
    ages = daily["age"].to_numpy(np.int64)
    prices = daily["unit_price_amount"].to_numpy(float)
    return {key: (ages[at], prices[at]) for key, at in daily.groupby(names).indices.items()}


def _price_of_days(ages: Numbers, daily: Values, span: int) -> Values:
    """The list price of each day: of the nearest day on which it is known.

    A price is on the list when it held for several days of sales in a row. The odd sale at another
    price (a lot for a reseller, a foreign customer's, an arm of a price test) tells none, however
    many units it has: it would look like a low price that sells well.
    """
    run = np.concatenate([[0], np.cumsum(np.abs(daily[1:] / daily[:-1] - 1) > PRICE_STEP)])
    is_held = np.bincount(run)[run] >= RUN_DAYS
    if is_held.any():
        ages, daily = ages[is_held], daily[is_held]
    after = np.clip(np.searchsorted(ages, np.arange(span)), 0, len(ages) - 1)
    before = np.maximum(after - 1, 0)
    is_nearer = np.abs(ages[before] - np.arange(span)) <= np.abs(ages[after] - np.arange(span))
    prices: Values = daily[np.where(is_nearer, before, after)]
    return prices


def _follows(listed: Values, units: Values, common: Values) -> bool:
    """A location has the common price list when it sells at those prices."""
    differs = np.abs(listed / common - 1) > PRICE_STEP
    return bool(units[differs].sum() <= 0.1 * units.sum())


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
