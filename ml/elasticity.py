"""How demand answers to price: own-price elasticities per product and category, with intervals.

What was sold at which price is observed, not assigned: an answer of this module is *observational*.
Where a change of price coincided with something that only that product met, it misleads; a price
test does not.

Method: Poisson pseudo-maximum likelihood (Santos Silva & Tenreyro 2006, "The Log of Gravity";
weeks without a sale are kept) with an effect per product and location, per location and week, and
per category and four weeks; promotions as a regressor of their own; days without stock removed;
standard errors robust to clusters of four weeks; each product is shrunk towards its category by
empirical Bayes (Paule & Mandel 1982) as far as its own evidence is weak.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.stats import t as student_t

from ml.calendar import DAYS_PER_WEEK, Values

MINIMUM_PRICES = 3
MINIMUM_CHANGES = 3
MINIMUM_WEEKS = 26
MINIMUM_UNITS = 50
# Fewer products cannot tell a season, which all of them share, from their own prices.
MINIMUM_PRODUCTS = 5
# Lowest distance of a price from another, so that a rounding is no change of price.
PRICE_STEP = 0.01
# From this part of its sales off the list price on, a week counts as a promotion.
PROMOTED_RATE = 0.05
WEEKS_PER_CLUSTER = 4
LEVELS = (0.80, 0.95)
MARGIN_WEEKS = 13
# Fewer units in a week do not tell whether there was a promotion.
TELLING_UNITS = 5
MAXIMUM_ROUNDS, TOLERANCE = 200, 1e-3

ELASTICITY_COLUMNS = (
    "subject_level", "product_key", "product_name", "category_name", "elasticity", "lower_80",
    "upper_80", "lower_95", "upper_95", "own_elasticity", "own_standard_error", "own_weight",
    "prices_count", "price_changes_count", "weeks_count", "units", "lowest_price_amount",
    "highest_price_amount", "current_price_amount", "unit_cost_amount", "best_price_amount",
    "margin_amount", "margin_change_amount", "lower_margin_change_amount",
    "upper_margin_change_amount", "evidence", "sentence",
)  # fmt: skip
_CELL = ["product_key", "location_key", "week", "price"]


@dataclass(frozen=True)
class Elasticities:
    """Answers, evidence and refusals.

    Attributes:
        elasticities: ``ELASTICITY_COLUMNS``; a row per product that could be judged, and one per
            category with any.
        evaluations: columns of the evidence: ``subject, model, metric, value, is_baseline,
            is_selected, observations_count, note``.
        refusals: ``subject, observations_count, reason``.
    """

    elasticities: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame


def price_cells(sales: pd.DataFrame, stock_outs: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """Units sold and days on offer, by product, location, week and price.

    Args:
        sales: ``product_key``, ``category_name``, ``location_key``, ``sale_date``,
            ``unit_price_amount`` (before discounts), ``units``, ``discount_amount``; a row per
            product, location, day and price.
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
    rows = rows[(rows["units"] > 0) & (rows["unit_price_amount"] > 0) & (rows["sale_date"] <= last)]
    if rows.empty:
        return pd.DataFrame(columns=[*_CELL, "units", "exposure", "is_promoted"], dtype=float)
    # Days are counted back from the last: whole weeks, and the newest is complete.
    rows = rows.assign(age=(last - rows["sale_date"]).dt.days)
    span = int(rows["age"].max()) + 1
    worth = _worth_of_days(rows, span)
    out = stock_outs.assign(age=(last - pd.to_datetime(stock_outs["stock_date"])).dt.days)
    missing = {
        shelf: ages.to_numpy()
        for shelf, ages in out.groupby(["product_key", "location_key"])["age"]
    }
    parts = []
    for product, mine in rows.groupby("product_key", sort=True):
        pooled = _price_of_days(mine, span)
        for location, here in mine.groupby("location_key", sort=True):
            price = pooled if _follows(here, pooled) else _price_of_days(here, span)
            exposure = worth[location].copy()
            gone = missing.get((product, location), np.zeros(0, int))
            exposure[gone[(gone >= 0) & (gone < span)]] = 0.0
            first, last_age = _life(here["age"].to_numpy())
            exposure[first + 1 :] = 0.0
            exposure[:last_age] = 0.0
            units = np.bincount(here["age"], here["units"], span)
            frame = pd.DataFrame({
                "week": -(np.arange(span) // DAYS_PER_WEEK), "price": price, "exposure": exposure,
                "units": units,
            })  # fmt: skip
            frame = frame[frame["exposure"] > 0]
            cells = frame.groupby(["week", "price"], as_index=False).sum()
            parts.append(cells.assign(product_key=product, location_key=location))
    cells = pd.concat(parts, ignore_index=True)
    return cells.assign(is_promoted=_is_promoted(cells, rows))


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

    A price list holds what was the commonest price of some week; the odd sale at another price
    (a foreign customer's, an arm of a price test) tells no price.
    """
    weekly = rows.groupby([rows["age"] // DAYS_PER_WEEK, "unit_price_amount"])["units"].sum()
    listed = _most_sold_last(weekly).groupby("age")["unit_price_amount"].last()
    known = rows[rows["unit_price_amount"].isin(set(listed))]
    daily = known.groupby(["age", "unit_price_amount"])["units"].sum()
    daily = _most_sold_last(daily).groupby("age")["unit_price_amount"].last()
    days = daily.index.to_numpy()
    after = np.clip(np.searchsorted(days, np.arange(span)), 0, len(days) - 1)
    before = np.maximum(after - 1, 0)
    is_nearer = np.abs(days[before] - np.arange(span)) <= np.abs(days[after] - np.arange(span))
    prices: Values = daily.to_numpy(dtype=float)[np.where(is_nearer, before, after)]
    return prices


def _follows(here: pd.DataFrame, pooled: Values) -> bool:
    """A location has the common price list when it sells at those prices."""
    differs = np.abs(here["unit_price_amount"] / pooled[here["age"]] - 1) > PRICE_STEP
    return bool(here.loc[differs, "units"].sum() <= 0.1 * here["units"].sum())


def _life(ages: Values) -> tuple[int, int]:
    """Age of the first and the last day on offer; a long silence at the end is no demand of zero."""
    days = np.unique(ages)
    gap = (days[-1] - days[0] + 1) / len(days)
    is_given_up = days[0] > max(28.0, 6 * gap)
    return int(days[-1]), int(days[0]) if is_given_up else 0


def _most_sold_last(units: pd.Series[float]) -> pd.DataFrame:
    return units.reset_index().sort_values(["units", "unit_price_amount"])


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


@dataclass(frozen=True)
class _Fit:
    """Elasticities by product number, and what the calendar says of each cell (a logarithm)."""

    elasticity: Values
    calendar: Values
    expected: Values


@dataclass(frozen=True)
class _Design:
    """Numbers of the effects of each cell, and its values."""

    units: Values
    exposure: Values
    log_price: Values
    is_promoted: Values
    product: Values
    shelf: Values
    category: Values
    calendars: tuple[Values, ...]


def _design(cells: pd.DataFrame) -> _Design:
    def number(*names: str) -> Values:
        return cells.groupby(list(names), sort=True).ngroup().to_numpy()

    # A category of few products cannot tell its own season from its prices.
    peers = cells.groupby("category_name")["product_key"].transform("nunique")
    period = cells["week"] // WEEKS_PER_CLUSTER
    season = cells.assign(
        season=np.where(peers >= MINIMUM_PRODUCTS, cells["category_name"], ""), period=period
    )
    weeks = number("location_key", "week")
    seasons = season.groupby(["season", "period"], sort=True).ngroup().to_numpy()
    return _Design(
        cells["units"].to_numpy(float), cells["exposure"].to_numpy(float),
        np.log(cells["price"].to_numpy(float)), cells["is_promoted"].to_numpy(float),
        number("product_key"), number("product_key", "location_key"), number("category_name"),
        (weeks, seasons),
    )  # fmt: skip


def _fit(design: _Design, *, with_price: bool = True) -> _Fit:
    """All effects together by Gauss-Seidel: each is at its maximum, the others given."""
    units, shelf = design.units, design.shelf
    elasticity = np.zeros(int(design.product.max()) + 1)
    lift = np.zeros(int(design.category.max()) + 1)
    effects = [np.zeros(int(group.max()) + 1) for group in design.calendars]
    base, calendar = np.log(design.exposure), np.zeros(len(units))
    for _ in range(MAXIMUM_ROUNDS):
        before = elasticity.copy()
        for slope, values, group in (
            (elasticity, design.log_price, design.product),
            (lift, design.is_promoted, design.category),
        ):
            moved = elasticity[design.product] * design.log_price
            moved += lift[design.category] * design.is_promoted
            mean = _levelled(units, base + calendar + moved, shelf)
            if with_price or slope is lift:
                slope += _step(values, units, mean, shelf, group)
        moved = elasticity[design.product] * design.log_price
        moved += lift[design.category] * design.is_promoted
        mean = _levelled(units, base + calendar + moved, shelf)
        for effect, group in zip(effects, design.calendars, strict=True):
            grown = _growth(units, mean, group)
            effect += grown
            calendar += grown[group]
            mean = mean * np.exp(grown[group])
        if np.abs(elasticity - before).max() < TOLERANCE:
            break
    return _Fit(elasticity, calendar, _levelled(units, base + calendar + moved, shelf))


def _levelled(units: Values, log_mean: Values, shelf: Values) -> Values:
    """Means that meet the units of each shelf."""
    mean = np.exp(log_mean - log_mean.mean())
    return mean * np.exp(_growth(units, mean, shelf))[shelf]


def _growth(units: Values, mean: Values, group: Values) -> Values:
    """The logarithm by which each group's mean has to grow to meet its units."""
    # A group without a sale has no finite effect; nearly none is as good.
    return np.log(np.maximum(np.bincount(group, units), 1e-3) / np.bincount(group, mean))


def _step(values: Values, units: Values, mean: Values, shelf: Values, group: Values) -> Values:
    """Newton's step of a slope per group, the level of each shelf moving along."""
    centre = np.bincount(shelf, mean * values) / np.bincount(shelf, mean)
    apart = values - centre[shelf]
    bend = np.bincount(group, mean * apart**2)
    score = np.bincount(group, (units - mean) * apart)
    step = np.divide(score, bend, out=np.zeros_like(bend), where=bend > 1e-9)
    return np.clip(step, -1.0, 1.0)


def _own_estimates(
    cells: pd.DataFrame, design: _Design, fit: _Fit, judged: pd.Index[str]
) -> pd.DataFrame:
    """Elasticity and standard error of each product from its own sales, the calendar given."""
    # What the calendar takes from a product's price changes, because it learns from them too.
    shared = _shared_information(design, fit)
    rows = []
    for number, (product, index) in enumerate(cells.groupby("product_key", sort=True).indices.items()):
        if product not in judged:
            continue
        mine = cells.iloc[index]
        columns = [np.log(mine["price"].to_numpy()), mine["is_promoted"].to_numpy()]
        shelves = pd.get_dummies(mine["location_key"], dtype=float).to_numpy()
        model = sm.GLM(
            mine["units"].to_numpy(),
            np.column_stack([*(each for each in columns if np.ptp(each) > 0), shelves]),
            family=sm.families.Poisson(),
            offset=np.log(mine["exposure"].to_numpy()) + fit.calendar[index],
        )  # fmt: skip
        cluster = (-mine["week"] // WEEKS_PER_CLUSTER).to_numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            robust = model.fit(cov_type="cluster", cov_kwds={"groups": cluster})
            spread = model.fit(scale="X2")
        # Few clusters understate; no count varies less than Poisson's.
        plain = float(spread.bse[0]) / min(1.0, float(np.sqrt(spread.scale)))
        error = max(float(robust.bse[0]), plain) / float(np.sqrt(shared[number]))
        rows.append((product, float(robust.params[0]), error, len(np.unique(cluster))))
    return pd.DataFrame(rows, columns=["product_key", "own", "error", "clusters"])


def _shared_information(design: _Design, fit: _Fit) -> Values:
    """Part of each product's information on its price that the weeks of its location leave it."""
    mean, weeks = fit.expected, design.calendars[0]
    centre = np.bincount(design.shelf, mean * design.log_price) / np.bincount(design.shelf, mean)
    apart = mean * (design.log_price - centre[design.shelf])
    own = np.bincount(design.product, apart * (design.log_price - centre[design.shelf]))
    pair = design.product.astype(np.int64) * (int(weeks.max()) + 1) + weeks
    key, inverse = np.unique(pair, return_inverse=True)
    total = np.bincount(weeks, mean)
    taken = np.bincount(inverse, apart) ** 2 / total[key % (int(weeks.max()) + 1)]
    lost = np.bincount(key // (int(weeks.max()) + 1), taken, len(own))
    return np.clip(1 - lost / np.maximum(own, 1e-9), 0.05, 1.0)


def _between_variance(estimates: Values, variances: Values, group: Values) -> float:
    """Variance of the truths around their groups' means (Paule & Mandel 1982)."""
    freedom = len(estimates) - len(np.unique(group))

    def excess(between: float) -> float:
        weight = 1 / (variances + between)
        mean = np.bincount(group, weight * estimates) / np.bincount(group, weight)
        return float((weight * (estimates - mean[group]) ** 2).sum() - freedom)

    if freedom < 1 or excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, 100.0))


def pool_estimates(estimates: Values, errors: Values, group: Values) -> pd.DataFrame:
    """Shrink estimates towards the mean of their group, and groups towards the whole.

    Args:
        estimates: a number each, with the standard errors ``errors``.
        group: numbers from 0 without a gap.

    Returns:
        ``estimate``, ``error``, ``own_weight`` (of the own estimate against the group's) and the
        group's ``group_estimate``, ``group_error``, in the order given.
    """
    variances = errors**2
    between = _between_variance(estimates, variances, group)
    weight = 1 / (variances + between)
    total = np.bincount(group, weight)
    means, mean_variances = np.bincount(group, weight * estimates) / total, 1 / total
    nobody = np.zeros(len(means), int)
    apart = _between_variance(means, mean_variances, nobody)
    whole_weight = 1 / (mean_variances + apart)
    whole = float((whole_weight * means).sum() / whole_weight.sum())
    trust = apart / (apart + mean_variances)
    group_mean = trust * means + (1 - trust) * whole
    group_variance = trust * mean_variances + (1 - trust) ** 2 / whole_weight.sum()
    own = between / (between + variances)
    return pd.DataFrame({
        "estimate": own * estimates + (1 - own) * group_mean[group],
        "error": np.sqrt(own * variances + (1 - own) ** 2 * group_variance[group]),
        "own_weight": own,
        "group_estimate": group_mean[group],
        "group_error": np.sqrt(group_variance[group]),
    })  # fmt: skip
