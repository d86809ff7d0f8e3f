"""How demand answers to price: own-price elasticities per product and category, with intervals.

What was sold at which price is observed, not assigned: an answer of this module is *observational*.
Where a change of price coincided with something that only that product met, it misleads; a price
test does not.

Method: Poisson pseudo-maximum likelihood (Santos Silva & Tenreyro 2006, "The Log of Gravity";
weeks without a sale are kept) with an effect per product and location, per location and week, and
per category and four weeks; promotions as a regressor of their own; days without stock removed;
standard errors robust to clusters of four weeks; each product is shrunk towards its category by
empirical Bayes as far as its own evidence is weak.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.stats import t as student_t

from ml.calendar import Values
from ml.evidence import evaluation_rows, refusal_rows
from ml.price_cells import PRICE_STEP, Flags, Numbers, price_cells

MINIMUM_PRICES = 3
MINIMUM_CHANGES = 3
MINIMUM_WEEKS = 26
MINIMUM_UNITS = 50
# Fewer products cannot tell a season, which all of them share, from their own prices.
MINIMUM_PRODUCTS = 5
WEEKS_PER_CLUSTER = 4
LEVELS = (0.80, 0.95)
MARGIN_WEEKS = 13
HELD_OUT_SHARE = 0.25
STEEPEST = 12.0
# Spreads that true elasticities may have around their category's, and what they usually are.
SPREADS = np.linspace(0.0, 2.0, 41)
SPREAD_SCALE = 1.0
MAXIMUM_ROUNDS, TOLERANCE = 200, 1e-3

ELASTICITY_COLUMNS = (
    "subject_level", "product_key", "product_name", "category_name", "elasticity", "lower_80",
    "upper_80", "lower_95", "upper_95", "own_elasticity", "own_standard_error", "own_weight",
    "prices_count", "price_changes_count", "weeks_count", "units", "lowest_price_amount",
    "highest_price_amount", "current_price_amount", "unit_cost_amount", "best_price_amount",
    "margin_amount", "margin_change_amount", "lower_margin_change_amount",
    "upper_margin_change_amount", "evidence", "recommendation",
)  # fmt: skip


@dataclass(frozen=True)
class Elasticities:
    """Answers, evidence and refusals.

    Attributes:
        elasticities: ``ELASTICITY_COLUMNS``; a row per product that could be judged, and one per
            category with any.
        evaluations: by :mod:`ml.evidence`.
        refusals: by :mod:`ml.evidence`.
    """

    elasticities: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame


def estimate_elasticities(
    sales: pd.DataFrame, products: pd.DataFrame, stock_outs: pd.DataFrame, as_of_date: date
) -> Elasticities:
    """Own-price elasticities of all products whose price has changed often enough.

    Args:
        sales: as for :func:`ml.price_cells.price_cells`.
        products: ``product_key``, ``product_name``, ``category_name``, ``unit_cost_amount`` (may
            be missing); a row per product.
        stock_outs: as for :func:`ml.price_cells.price_cells`.
        as_of_date: the last complete day.
    """
    sales = sales[sales["product_key"].isin(products["product_key"])]
    if not (sales["units"] > 0).any():
        return Elasticities(
            pd.DataFrame(columns=list(ELASTICITY_COLUMNS)), evaluation_rows(),
            refusal_rows([("all", 0, "Not enough data: no product was sold yet.")]),
        )  # fmt: skip
    cells = price_cells(sales, stock_outs, as_of_date)
    known = products.set_index("product_key").sort_index()
    cells = cells.join(known["category_name"], on="product_key")
    facts = _price_facts(cells)
    reasons = _reasons(facts, known)
    judged = facts.index.difference([subject for subject, _, _ in reasons])
    if len(judged) == 0:
        return Elasticities(
            pd.DataFrame(columns=list(ELASTICITY_COLUMNS)), evaluation_rows(), refusal_rows(reasons)
        )
    estimates = _estimated(cells, judged)
    reasons += [
        (
            product,
            int(facts.loc[product, "weeks"]),
            (
                f"Not enough data: the sales of {known.loc[product, 'product_name']} do not tell "
                "its price from its promotions; change it once without one."
            ),
        )
        for product in judged.difference(list(estimates["product_key"]))
    ]
    margins = _weekly_margins(sales, known, as_of_date)
    evaluations = _evaluations(cells, judged)
    rows: list[dict[str, object]] = []
    if not estimates.empty:
        rows = _product_rows(estimates, facts, known, margins, _is_proven(evaluations))
        rows += _category_rows(estimates, facts)
    return Elasticities(
        pd.DataFrame(rows, columns=list(ELASTICITY_COLUMNS)),
        evaluations,
        refusal_rows(reasons),
    )


def _price_facts(cells: pd.DataFrame) -> pd.DataFrame:
    """Per product: how much of it was sold, and how often and far its price moved where it sells
    most."""
    facts = cells.groupby("product_key").agg(weeks=("week", "nunique"), units=("units", "sum"))
    # A lot for a reseller makes no shelf the main one: weeks of sales do.
    sold = cells[cells["units"] > 0].groupby(["product_key", "location_key"])["week"].nunique()
    main = sold.reset_index().sort_values(["week", "location_key"]).groupby("product_key").last()
    mine = cells[cells["location_key"] == cells["product_key"].map(main["location_key"])]
    ordered = mine.sort_values(["product_key", "week", "exposure", "price"])
    weekly = ordered.groupby(["product_key", "week"])["price"].last().reset_index()
    before = weekly.groupby("product_key")["price"].shift()
    moved = (weekly["price"] / before - 1).abs() > PRICE_STEP
    prices = mine.groupby("product_key")["price"]
    facts["lowest"], facts["highest"] = prices.min(), prices.max()
    facts["prices"] = prices.unique().map(_distinct)
    facts["changes"] = moved.groupby(weekly["product_key"]).sum()
    facts["current"] = weekly.groupby("product_key")["price"].last()
    return facts


def _distinct(prices: Values) -> int:
    ordered = np.sort(prices)
    return 1 + int((ordered[1:] / ordered[:-1] - 1 > PRICE_STEP).sum())


def _reasons(facts: pd.DataFrame, known: pd.DataFrame) -> list[tuple[str, int, str]]:
    """Why some products are not judged, and what is missing."""
    found = []
    for product, fact in facts.iterrows():
        name = str(known.loc[str(product), "product_name"])
        missing = [
            f"{needed} {what} (it has {int(fact[column])})"
            for column, needed, what in (
                ("prices", MINIMUM_PRICES, "different prices"),
                ("changes", MINIMUM_CHANGES, "changes of price"),
                ("weeks", MINIMUM_WEEKS, "weeks on sale"),
                ("units", MINIMUM_UNITS, "units sold"),
            )
            if fact[column] < needed
        ]
        if len(facts) < MINIMUM_PRODUCTS:
            missing.append(
                f"{MINIMUM_PRODUCTS} products sold over the same time (there are {len(facts)}), "
                "to tell the season from the price"
            )
        if missing:
            reason = f"Not enough data: {name} needs {', '.join(missing)}."
            found.append((str(product), int(fact["weeks"]), reason))
    return found


def _estimated(cells: pd.DataFrame, judged: pd.Index[str]) -> pd.DataFrame:
    """Own and pooled estimates of the judged products, and their category's."""
    design = _design(cells)
    estimates = _own_estimates(cells, design, _fit(design), judged)
    if estimates.empty:
        return estimates
    category = cells.groupby("product_key")["category_name"].first()
    estimates["category_name"] = estimates["product_key"].map(category)
    group = _numbered(estimates, "category_name")
    pooled = pool_estimates(estimates["own"].to_numpy(), estimates["own_error"].to_numpy(), group)
    return pd.concat([estimates, pooled], axis=1)


def _weekly_margins(sales: pd.DataFrame, known: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """Units a week and the part of the list price that was kept, over the last quarter."""
    since = pd.Timestamp(as_of_date - timedelta(weeks=MARGIN_WEEKS))
    recent = sales[pd.to_datetime(sales["sale_date"]) > since]
    listed = recent["units"] * recent["unit_price_amount"]
    sums = (
        pd.DataFrame({"units": recent["units"], "listed": listed, "off": recent["discount_amount"]})
        .groupby(recent["product_key"])
        .sum()
    )
    return pd.DataFrame({
        "weekly_units": sums["units"] / MARGIN_WEEKS,
        "kept": 1 - sums["off"] / sums["listed"],
    }).reindex(known.index)  # fmt: skip


@dataclass(frozen=True)
class PriceChoice:
    """The price of the highest margin among those seen, and what it changes, as factors."""

    price: float
    change: float
    lower_change: float
    upper_change: float


def best_price(
    elasticity: float, bounds: tuple[float, float], *, current: float, cost: float, kept: float,
    lowest: float, highest: float,
) -> PriceChoice:  # fmt: skip
    """The price of the highest margin under constant elasticity, inside the prices seen.

    Beyond them the curve is a guess: a constant elasticity says nothing of where it ends.

    Args:
        elasticity: of demand to price, below 0, with the ends ``bounds`` of its interval.
        current: today's list price.
        cost: of a unit.
        kept: part of the list price that is left after discounts.
        lowest: the lowest price seen.
        highest: the highest price seen.

    Returns:
        Changes are of the margin at today's volume, as parts of today's margin.
    """
    free = cost / kept * elasticity / (1 + elasticity) if elasticity < -1 else np.inf
    price = float(np.clip(free, lowest, highest))
    today = kept * current - cost

    def change(at: float) -> float:
        return float((kept * price - cost) * (price / current) ** at / today - 1)

    ends = sorted(change(end) for end in bounds)
    return PriceChoice(price, change(elasticity), ends[0], ends[1])


def _product_rows(
    estimates: pd.DataFrame, facts: pd.DataFrame, known: pd.DataFrame, margins: pd.DataFrame,
    is_proven: bool,
) -> list[dict[str, object]]:  # fmt: skip
    rows = []
    each: Any
    for each in estimates.itertuples(index=False):
        fact, product = facts.loc[each.product_key], known.loc[each.product_key]
        ends = _interval(each.estimate, each.error, each.clusters)
        margin = margins.loc[each.product_key]
        rows.append({
            "subject_level": "product",
            "product_key": each.product_key,
            "product_name": product["product_name"],
            "category_name": each.category_name,
            "elasticity": each.estimate,
            **ends,
            "own_elasticity": each.own,
            "own_standard_error": each.own_error,
            "own_weight": each.own_weight,
            "prices_count": int(fact["prices"]),
            "price_changes_count": int(fact["changes"]),
            "weeks_count": int(fact["weeks"]),
            "units": fact["units"],
            "lowest_price_amount": fact["lowest"],
            "highest_price_amount": fact["highest"],
            "current_price_amount": fact["current"],
            "unit_cost_amount": product["unit_cost_amount"],
            "evidence": "observational",
            **_advice(each.estimate, ends, fact, product, margin, is_proven=is_proven),
        })  # fmt: skip
    return rows


def _interval(estimate: float, error: float, clusters: int) -> dict[str, float]:
    ends = {}
    for level in LEVELS:
        reach = float(student_t.ppf(0.5 + level / 2, max(clusters - 1, 1))) * error
        percent = round(level * 100)
        ends[f"lower_{percent}"], ends[f"upper_{percent}"] = estimate - reach, estimate + reach
    return ends


def _advice(
    elasticity: float, ends: dict[str, float], fact: Any, product: Any, margin: Any, *,
    is_proven: bool,
) -> dict[str, object]:  # fmt: skip
    """The best price and its gain a week, where the cost is known and demand falls with price."""
    name, cost = str(product["product_name"]), product["unit_cost_amount"]
    current, kept, units = float(fact["current"]), margin["kept"], margin["weekly_units"]
    range_seen = (
        f"One per cent more on the price of {name} moves its sales by {elasticity:.1f} % "
        f"({ends['lower_95']:.1f} to {ends['upper_95']:.1f})"
    )
    if ends["upper_95"] >= 0:
        return {"recommendation": f"{range_seen}: it may as well not react at all, so test first."}
    if not is_proven:
        return {"recommendation": f"{range_seen}. Later sales do not bear it out: test first."}
    if pd.isna(cost) or pd.isna(units):
        missing = "its cost" if pd.isna(cost) else "sales of the last quarter"
        return {"recommendation": f"{range_seen}. No best price without {missing}."}
    today = kept * current - float(cost)
    if today <= 0:
        return {"recommendation": f"{range_seen}. It is sold below its cost: raise the price."}
    choice = best_price(
        elasticity, (ends["lower_95"], ends["upper_95"]), current=current,
        cost=float(cost), kept=float(kept), lowest=float(fact["lowest"]),
        highest=float(fact["highest"]),
    )  # fmt: skip
    weekly = today * float(units)
    gain = [weekly * part for part in (choice.change, choice.lower_change, choice.upper_change)]
    if abs(choice.price / current - 1) <= PRICE_STEP or gain[1] <= 0:
        why = "no other price seen so far is surely better"
        advice = f"Keep {name} at {current:,.2f}: {why}."
    else:
        verb = "Raise" if choice.price > current else "Lower"
        advice = (
            f"{verb} {name} from {current:,.2f} to {choice.price:,.2f}: about {gain[0]:,.0f} more "
            f"margin a week ({gain[1]:,.0f} to {gain[2]:,.0f})."
        )
    return {
        "best_price_amount": choice.price,
        "margin_amount": weekly,
        "margin_change_amount": gain[0],
        "lower_margin_change_amount": gain[1],
        "upper_margin_change_amount": gain[2],
        "recommendation": advice,
    }


def _category_rows(estimates: pd.DataFrame, facts: pd.DataFrame) -> list[dict[str, object]]:
    rows = []
    for category, mine in estimates.groupby("category_name", sort=True):
        first = mine.iloc[0]
        ends = _interval(first["group_estimate"], first["group_error"], int(mine["clusters"].max()))
        fact = facts.loc[mine["product_key"]]
        rows.append({
            "subject_level": "category",
            "product_key": "",
            "product_name": None,
            "category_name": category,
            "elasticity": first["group_estimate"],
            **ends,
            "prices_count": int(fact["prices"].sum()),
            "price_changes_count": int(fact["changes"].sum()),
            "weeks_count": int(fact["weeks"].max()),
            "units": fact["units"].sum(),
            "evidence": "observational",
            "recommendation": f"One per cent more on a price of {category} moves sales of the "
            f"product by {first['group_estimate']:.1f} % ({ends['lower_95']:.1f} to "
            f"{ends['upper_95']:.1f}), the mean of {len(mine)} products.",
        })  # fmt: skip
    return rows


def _is_proven(evaluations: pd.DataFrame) -> bool:
    """Whether prices explained sales that were not seen better than ignoring them does."""
    if evaluations.empty:
        return False
    deviance = evaluations.set_index("model")["value"]
    return bool(deviance["pooled_by_category"] < deviance["price_ignored"])


def _evaluations(cells: pd.DataFrame, judged: pd.Index[str]) -> pd.DataFrame:
    """How well the sales of the last quarter of the weeks follow from prices, with rules to beat.

    Elasticities and levels come from before; the calendar is that of all products, for it is no
    forecast of the season that is judged but the answer to the prices.
    """
    design = _design(cells)
    calendar = _fit(design).calendar
    cut = cells["week"].min() * (1 - HELD_OUT_SHARE)
    past = (cells["week"] < cut).to_numpy()
    # A product proves something when its price moved before, and it was sold after.
    proving = judged[:0]
    if past.any():
        facts = _price_facts(cells[past])
        able = facts.index[(facts["changes"] >= 1) & (facts["units"] >= MINIMUM_UNITS)]
        proving = judged.intersection(able).intersection(cells["product_key"][~past].unique())
    if len(proving) == 0:
        return evaluation_rows()
    mine = cells["product_key"].isin(proving).to_numpy()
    before = cells[past].reset_index(drop=True)
    estimates = _estimated(before, proving).set_index("product_key")
    if estimates.empty:
        return evaluation_rows()
    whole = float(np.average(estimates["own"], weights=1 / estimates["own_error"] ** 2))
    answers = {
        "price_ignored": estimates["own"] * 0.0,
        "one_for_all": estimates["own"] * 0.0 + whole,
        "own_sales_only": estimates["own"],
        "pooled_by_category": estimates["estimate"],
    }
    rows = []
    for model, elasticity in answers.items():
        slope = cells["product_key"].map(elasticity).to_numpy()
        shape = design.exposure * np.exp(calendar + slope * design.log_price)
        deviance, count = _deviance(design, shape, mine & past, mine & ~past)
        rows.append(("all products", model, "mean_poisson_deviance", deviance,
                     model in {"price_ignored", "one_for_all"}, model == "pooled_by_category",
                     count, "The last quarter of the weeks; lower is better."))  # fmt: skip
    return evaluation_rows(rows)


def _deviance(design: _Design, shape: Values, past: Flags, later: Flags) -> tuple[float, int]:
    """Mean Poisson deviance of later cells, at the level of each shelf's past."""
    count = int(design.shelf.max()) + 1
    sold = np.bincount(design.shelf[past], design.units[past], count)
    expected = np.bincount(design.shelf[past], shape[past], count)
    level = np.divide(sold, expected, out=np.zeros(count), where=(expected > 0) & (sold > 0))
    judged = later & (level[design.shelf] > 0)
    mean = (shape * level[design.shelf])[judged]
    units = design.units[judged]
    log_ratio = np.log(np.where(units > 0, units / mean, 1.0))
    return float(2 * (units * log_ratio - units + mean).mean()), int(judged.sum())


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
    product: Numbers
    shelf: Numbers
    category: Numbers
    calendars: tuple[Numbers, ...]


def _numbered(rows: pd.DataFrame, *names: str) -> Numbers:
    """The number of each row's group."""
    return rows.groupby(list(names), sort=True).ngroup().to_numpy().astype(np.int64)


def _design(cells: pd.DataFrame) -> _Design:
    def number(*names: str) -> Numbers:
        return _numbered(cells, *names)

    # A category of few products cannot tell its own season from its prices.
    peers = cells.groupby("category_name")["product_key"].transform("nunique")
    period = cells["week"] // WEEKS_PER_CLUSTER
    season = cells.assign(
        season=np.where(peers >= MINIMUM_PRODUCTS, cells["category_name"], ""), period=period
    )
    weeks = number("location_key", "week")
    seasons = _numbered(season, "season", "period")
    return _Design(
        cells["units"].to_numpy(float), cells["exposure"].to_numpy(float),
        np.log(cells["price"].to_numpy(float)), cells["is_promoted"].to_numpy(float),
        number("product_key"), number("product_key", "location_key"), number("category_name"),
        (weeks, seasons),
    )  # fmt: skip


def _fit(design: _Design) -> _Fit:
    """All effects together by Gauss-Seidel: each is at its maximum, the others given."""
    units, shelf = design.units, design.shelf
    elasticity = np.zeros(int(design.product.max()) + 1)
    lift = np.zeros(int(design.category.max()) + 1)
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
            slope += _step(values, units, mean, shelf, group)
            # Few sales may fit no finite slope.
            np.clip(slope, -STEEPEST, STEEPEST, out=slope)
        moved = elasticity[design.product] * design.log_price
        moved += lift[design.category] * design.is_promoted
        mean = _levelled(units, base + calendar + moved, shelf)
        for group in design.calendars:
            grown = _growth(units, mean, group)[group]
            calendar += grown
            mean = mean * np.exp(grown)
        if np.abs(elasticity - before).max() < TOLERANCE:
            break
    return _Fit(elasticity, calendar, _levelled(units, base + calendar + moved, shelf))


def _levelled(units: Values, log_mean: Values, shelf: Numbers) -> Values:
    """Means that meet the units of each shelf."""
    mean = np.exp(log_mean - log_mean.mean())
    levelled: Values = mean * np.exp(_growth(units, mean, shelf))[shelf]
    return levelled


def _growth(units: Values, mean: Values, group: Numbers) -> Values:
    """The logarithm by which each group's mean has to grow to meet its units."""
    # A group without a sale has no finite effect; nearly none is as good.
    growth: Values = np.log(np.maximum(np.bincount(group, units), 1e-3) / np.bincount(group, mean))
    return growth


def _step(values: Values, units: Values, mean: Values, shelf: Numbers, group: Numbers) -> Values:
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
    """Elasticity and standard error of each product from its own sales, the calendar given.

    A product has none whose price moved with its promotions alone, or whose few sales fit none.
    """
    # What the calendar takes from a product's price changes, because it learns from them too.
    shared = _shared_information(design, fit)
    rows = []
    for number, (product, index) in enumerate(
        cells.groupby("product_key", sort=True).indices.items()
    ):
        if product not in judged:
            continue
        mine = cells.iloc[index]
        columns = [np.log(mine["price"].to_numpy()), mine["is_promoted"].to_numpy()]
        shelves = pd.get_dummies(mine["location_key"], dtype=float).to_numpy()
        effects = np.column_stack([*(each for each in columns if np.ptp(each) > 0), shelves])
        if np.linalg.matrix_rank(effects) < effects.shape[1]:
            continue
        model = sm.GLM(
            mine["units"].to_numpy(),
            effects,
            family=sm.families.Poisson(),
            offset=np.log(mine["exposure"].to_numpy()) + fit.calendar[index],
        )  # fmt: skip
        cluster = (-mine["week"] // WEEKS_PER_CLUSTER).to_numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                robust = model.fit(cov_type="cluster", cov_kwds={"groups": cluster})
                spread = model.fit(scale="X2")
            except (ValueError, np.linalg.LinAlgError):
                continue
        if not np.isfinite(robust.bse[0]) or abs(robust.params[0]) > STEEPEST:
            continue
        # Few clusters understate; no count varies less than Poisson's.
        plain = float(spread.bse[0]) / min(1.0, float(np.sqrt(spread.scale)))
        error = max(float(robust.bse[0]), plain) / float(np.sqrt(shared[number]))
        rows.append((product, float(robust.params[0]), error, len(np.unique(cluster))))
    return pd.DataFrame(rows, columns=["product_key", "own", "own_error", "clusters"])


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


def _spread_weights(estimates: Values, variances: Values, group: Numbers) -> Values:
    """How likely each of ``SPREADS`` is as the spread of the truths around their groups' means.

    Restricted likelihood, times a half-normal prior: with weak evidence no single spread is known,
    and taking the likeliest (often none at all) would promise more than is known.
    """
    logs = []
    for spread in SPREADS:
        weight = 1 / (variances + spread**2)
        total = np.bincount(group, weight)
        apart = estimates - (np.bincount(group, weight * estimates) / total)[group]
        logs.append(
            0.5 * (np.log(weight).sum() - np.log(total).sum() - (weight * apart**2).sum())
            - 0.5 * (spread / SPREAD_SCALE) ** 2
        )
    likelihood = np.exp(np.array(logs) - max(logs))
    weights: Values = likelihood / likelihood.sum()
    return weights


def pool_estimates(estimates: Values, errors: Values, group: Numbers) -> pd.DataFrame:
    """Shrink estimates towards the mean of their group, and groups towards the whole.

    Args:
        estimates: a number each, with the standard errors ``errors``.
        group: numbers from 0 without a gap.

    Returns:
        ``estimate``, ``error``, ``own_weight`` (of the own estimate against the group's) and the
        group's ``group_estimate``, ``group_error``, in the order given.
    """
    variances = errors**2
    weights = _spread_weights(estimates, variances, group)
    parts = [_pooled(estimates, variances, group, spread**2) for spread in SPREADS]
    found = {
        name: sum(weight * part[name] for weight, part in zip(weights, parts, strict=True))
        for name in ("estimate", "own_weight", "group_estimate")
    }
    for name, mean in (("error", "estimate"), ("group_error", "group_estimate")):
        # What the spreads disagree about is not known either.
        found[name] = np.sqrt(
            sum(
                weight * (part[name] ** 2 + (part[mean] - found[mean]) ** 2)
                for weight, part in zip(weights, parts, strict=True)
            )
        )
    return pd.DataFrame(found)


def _pooled(
    estimates: Values, variances: Values, group: Numbers, between: float
) -> dict[str, Values]:
    weight = 1 / (variances + between)
    total = np.bincount(group, weight)
    means, mean_variances = np.bincount(group, weight * estimates) / total, 1 / total
    apart = _between_variance(means, mean_variances)
    whole_weight = 1 / (mean_variances + apart)
    whole = float((whole_weight * means).sum() / whole_weight.sum())
    trust = apart / (apart + mean_variances)
    group_mean = trust * means + (1 - trust) * whole
    group_variance = trust * mean_variances + (1 - trust) ** 2 / whole_weight.sum()
    own = between / (between + variances)
    return {
        "estimate": own * estimates + (1 - own) * group_mean[group],
        "error": np.sqrt(own * variances + (1 - own) ** 2 * group_variance[group]),
        "own_weight": own,
        "group_estimate": group_mean[group],
        "group_error": np.sqrt(group_variance[group]),
    }


def _between_variance(estimates: Values, variances: Values) -> float:
    """Variance of the truths around their mean (Paule & Mandel 1982)."""
    freedom = len(estimates) - 1

    def excess(between: float) -> float:
        weight = 1 / (variances + between)
        mean = (weight * estimates).sum() / weight.sum()
        return float((weight * (estimates - mean) ** 2).sum() - freedom)

    if freedom < 1 or excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, 100.0))
