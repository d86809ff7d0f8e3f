"""What to order, how much of it and by when, with what it costs to do nothing.

An item is a product at a place. Demand is what was sold on days with stock; lead times are those
of the supplier's own deliveries. What keeps is ordered up to a level that demand stays within,
with the chosen probability, until the next order arrives; what does not keep is ordered for its
day (newsvendor). The rule is proved by replaying past demand, see :mod:`ml.stock_simulation`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ml.calendar import DAYS_PER_WEEK, Values
from ml.evidence import EVALUATION_COLUMNS, SEED, evaluation_rows, refusal_rows
from ml.intermittent import MEAN_RULE, judge_methods, weekly_rates
from ml.price_cells import Flags, Numbers
from ml.stock_policy import (
    abc_classes,
    demand_class,
    demand_quantile,
    demand_variance,
    economic_order_quantity,
    expected_shortage,
    newsvendor_quantity,
    safety_stock,
    whole_packs,
    xyz_class,
)
from ml.stock_simulation import (
    FIXED_WEEKS,
    Outcome,
    Rates,
    Supply,
    drift_rates,
    fixed_weeks_rule,
    rates_until,
    replay,
    service_rule,
)

HISTORY_DAYS = 730
MINIMUM_DAYS = 28
MINIMUM_LEAD_TIMES = 3
DEFAULT_REVIEW_DAYS = 7
DEAD_DAYS = 90
# What is thrown away on more of its days does not keep.
PERISHABLE_RATE = 0.3
PACK_ORDERS = 5
# A week with fewer days of stock tells too little to be scaled up to seven.
TELLING_DAYS = 4
REPLAY_DAYS, REPLAY_ITEMS, REPLAY_HISTORY = 364, 150, 182

REORDER_COLUMNS = (
    "product_key", "product_name", "category_name", "location_key", "location_name",
    "supplier_name", "as_of_date", "policy", "urgency", "on_hand_quantity", "on_order_quantity",
    "daily_units", "daily_units_deviation", "lead_time_days", "lead_time_deviation_days",
    "review_days", "service_level", "safety_stock_quantity", "reorder_point_quantity",
    "order_up_to_quantity", "economic_order_quantity", "pack_quantity", "order_quantity",
    "order_by_date", "days_left", "unit_cost_amount", "order_amount", "lost_margin_amount",
    "abc_class", "xyz_class", "demand_class", "is_dead_stock", "recommendation",
)  # fmt: skip
_ITEM = ["product_key", "location_key"]


@dataclass(frozen=True)
class Policy:
    """What the owner decides about purchasing.

    Attributes:
        service_level: probability that a shelf lasts until the next delivery.
        review_days: days between two orders; None: as often as each supplier was ordered from.
        lead_time_days: where a supplier's own deliveries tell none.
        order_cost: of placing one order, for economic order quantities; None: unknown.
        yearly_holding_rate: cost of holding stock for a year, as a part of its cost.
        perishable_categories: what does not keep beyond its day.
    """

    service_level: float = 0.95
    review_days: int | None = None
    lead_time_days: int | None = None
    order_cost: float | None = None
    yearly_holding_rate: float = 0.25
    perishable_categories: Collection[str] = ()


@dataclass(frozen=True)
class ReorderPlan:
    """The plan (``REORDER_COLUMNS``), its evidence, and what could not be planned."""

    plan: pd.DataFrame
    evaluations: pd.DataFrame
    refusals: pd.DataFrame
    parameters: Mapping[str, object] = field(default_factory=dict)


def plan_reorders(
    items: pd.DataFrame, demand: pd.DataFrame, stock_outs: pd.DataFrame, purchases: pd.DataFrame,
    as_of_date: date, policy: Policy,
) -> ReorderPlan:  # fmt: skip
    """Plan the next order of every item whose stock, sales and lead time are known.

    Args:
        items: ``product_key``, ``product_name``, ``category_name``, ``location_key``,
            ``location_name``, ``on_hand_quantity``, ``unit_cost_amount``, ``unit_price_amount``
            (both may be missing), ``wasted_days_rate``; a row per stocked product and place.
        demand: ``product_key``, ``location_key``, ``sale_date``, ``units``.
        stock_outs: ``product_key``, ``location_key``, ``stock_date``: days that tell no demand.
        purchases: ``product_key``, ``location_key``, ``supplier_name``, ``ordered_date``,
            ``received_date`` (missing while it is under way), ``quantity``.
        as_of_date: the last complete day; the plan is for the morning after.
        policy: what the owner decides.
    """
    items = items.sort_values(_ITEM).reset_index(drop=True)
    sold = _demand_by_day(items, demand, stock_outs, as_of_date)
    bought = _bought(items, purchases, as_of_date, policy)
    reasons = _reasons(items, sold, bought)
    is_planned = ~items.index.isin(list(reasons))
    refusals = refusal_rows(
        [
            (f"{items['product_key'].iloc[at]}@{items['location_key'].iloc[at]}", count, reason)
            for at, (count, reason) in reasons.items()
        ],
    )
    if not is_planned.any():
        return ReorderPlan(
            pd.DataFrame(columns=list(REORDER_COLUMNS)),
            evaluation_rows(), refusals,
        )  # fmt: skip
    items, sold = items[is_planned].reset_index(drop=True), sold[:, is_planned]
    bought = bought[is_planned].reset_index(drop=True)
    supply = _supply(bought)
    drift = drift_rates(
        sold, supply.review_days + supply.lead_days, first_day=min(91, len(sold) // 2)
    )
    rates, judged = _rates(sold)
    plan = _planned(items, sold, rates, bought, supply, drift, as_of_date, policy)
    keeps = (plan["policy"] == "reorder").to_numpy(bool)
    return ReorderPlan(
        _ranked(plan),
        pd.concat(
            [_proof(sold[:, keeps], _of_items(supply, keeps), policy.service_level), judged],
            ignore_index=True,
        ),
        refusals,
        {"drift_rate": float(np.mean(drift)), "service_level": policy.service_level},
    )


def _demand_by_day(
    items: pd.DataFrame, demand: pd.DataFrame, stock_outs: pd.DataFrame, as_of_date: date
) -> Values:
    """Units by day (the last is ``as_of_date``) and item; missing before the first sale and where
    there was no stock to sell."""
    last = pd.Timestamp(as_of_date)
    number = {
        (p, place): at for at, (p, place) in enumerate(zip(*(items[c] for c in _ITEM), strict=True))
    }

    def cells(rows: pd.DataFrame, day: str) -> tuple[Numbers, Numbers, Flags]:
        item: Numbers = np.array(
            [
                number.get(key, -1)
                for key in zip(rows["product_key"], rows["location_key"], strict=True)
            ],
            np.int64,
        )
        age = (last - pd.to_datetime(rows[day])).dt.days.to_numpy().astype(np.int64)
        return item, age, (item >= 0) & (age >= 0)

    item, age, known = cells(demand, "sale_date")
    span = int(min(age[known].max() + 1, HISTORY_DAYS)) if known.any() else 0
    units = np.zeros((span, len(items)))
    known &= age < span
    np.add.at(units, (span - 1 - age[known], item[known]), demand["units"].to_numpy(float)[known])
    first = np.full(len(items), span)
    np.minimum.at(first, item[known], span - 1 - age[known])
    units[np.arange(span)[:, None] < first] = np.nan
    item, age, known = cells(stock_outs, "stock_date")
    known &= age < span
    units[span - 1 - age[known], item[known]] = np.nan
    return units


def _bought(
    items: pd.DataFrame, purchases: pd.DataFrame, as_of_date: date, policy: Policy
) -> pd.DataFrame:
    """Per item: supplier, review and lead times, packs, and what is under way."""
    rows = purchases.assign(
        ordered=pd.to_datetime(purchases["ordered_date"]),
        received=pd.to_datetime(purchases["received_date"]),
    )
    rows = rows[rows["ordered"] <= pd.Timestamp(as_of_date)]
    rows = rows.sort_values(["ordered", "received", "supplier_name", *_ITEM], kind="stable")
    rows["received"] = rows["received"].where(rows["received"] <= pd.Timestamp(as_of_date))
    rows["lead"] = (rows["received"] - rows["ordered"]).dt.days
    # All lines of one delivery came after the same time: it is one observation.
    deliveries = rows.dropna(subset=["lead"]).drop_duplicates(
        ["supplier_name", "location_key", "ordered", "received"]
    )
    leads = {
        name: each.to_numpy(float)
        for name, each in deliveries.groupby("supplier_name")["lead"]
        if len(each) >= MINIMUM_LEAD_TIMES
    }
    orders = rows.drop_duplicates(["supplier_name", "location_key", "ordered"])
    gaps = orders.groupby(["supplier_name", "location_key"])["ordered"].apply(
        lambda days: days.diff().dt.days.median()
    )
    lines: dict[Any, pd.DataFrame] = dict(iter(rows.groupby(_ITEM)))
    none = rows.iloc[:0]
    found = []
    for product, place in zip(items["product_key"], items["location_key"], strict=True):
        mine = lines.get((product, place), none)
        supplier = mine["supplier_name"].iloc[-1] if len(mine) else None
        samples = leads.get(supplier)  # type: ignore[arg-type]
        if samples is None and policy.lead_time_days is not None:
            samples = np.array([float(policy.lead_time_days)])
        gap = gaps.get((supplier, place), np.nan) if len(mine) else np.nan
        review = policy.review_days or (DEFAULT_REVIEW_DAYS if np.isnan(gap) else gap)
        # What should have come long ago will not.
        patience = np.inf if samples is None else 2 * samples.max()
        open_lines = mine[mine["received"].isna()]
        waits = (pd.Timestamp(as_of_date) - open_lines["ordered"]).dt.days
        found.append({
            "supplier_name": supplier,
            "lead_samples": samples,
            "review_days": max(1.0, float(round(review))),
            "pack": _pack(mine["quantity"].to_numpy(float)),
            "on_order": float(open_lines.loc[waits <= patience, "quantity"].sum()),
        })  # fmt: skip
    return pd.DataFrame(
        found, columns=["supplier_name", "lead_samples", "review_days", "pack", "on_order"]
    )


def _pack(quantities: Values) -> float:
    """The largest number of which every order was a multiple; one where too few tell."""
    whole = quantities[(quantities > 0) & (quantities == np.rint(quantities))].astype(int)
    if len(whole) < PACK_ORDERS or len(whole) < len(quantities):
        return 1.0
    return float(np.gcd.reduce(whole))


def _reasons(items: pd.DataFrame, sold: Values, bought: pd.DataFrame) -> dict[int, tuple[int, str]]:
    found = {}
    item: Any
    days = (~np.isnan(sold)).sum(axis=0) if len(sold) else np.zeros(len(items), int)
    for at, item in enumerate(items.itertuples(index=False)):
        name = f"{item.product_name} at {item.location_name}"
        if pd.isna(item.on_hand_quantity):
            found[at] = int(days[at]), f"Stock of {name} is not known today."
        elif days[at] < MINIMUM_DAYS:
            found[at] = (
                int(days[at]),
                (
                    f"Not enough data: {name} has {days[at]} days on sale with stock, a plan needs "
                    f"{MINIMUM_DAYS}."
                ),
            )
        elif bought["lead_samples"].iloc[at] is None:
            found[at] = (
                int(days[at]),
                (
                    f"The lead time of {name} is not known: a purchases file with "
                    f"{MINIMUM_LEAD_TIMES} deliveries of its supplier tells it, or "
                    "lead_time_days under [purchasing] in business.toml."
                ),
            )
    return found


def _supply(bought: pd.DataFrame) -> Supply:
    samples = list(bought["lead_samples"])
    return Supply(
        bought["review_days"].to_numpy(float),
        np.array([each.mean() for each in samples]),
        np.array([each.std(ddof=1) if len(each) > 1 else 0.0 for each in samples]),
        samples,
    )


def _of_items(supply: Supply, chosen: Flags) -> Supply:
    return Supply(
        supply.review_days[chosen], supply.lead_days[chosen], supply.lead_deviation[chosen],
        [each for each, is_chosen in zip(supply.lead_samples, chosen, strict=True) if is_chosen],
    )  # fmt: skip


def _planned(
    items: pd.DataFrame, sold: Values, rates: Rates, bought: pd.DataFrame, supply: Supply,
    drift: Values, as_of_date: date, policy: Policy,
) -> pd.DataFrame:  # fmt: skip
    # The mean is as good as the days it is taken of.
    trust = 1 / rates.known_days
    spans = supply.lead_days, supply.review_days + supply.lead_days
    variances = [
        demand_variance(rates.mean, rates.deviation, span, supply.lead_deviation, drift)
        + rates.deviation**2 * span**2 * trust
        for span in spans
    ]
    reorder_point = demand_quantile(rates.mean * spans[0], variances[0], policy.service_level)
    order_up_to = demand_quantile(rates.mean * spans[1], variances[1], policy.service_level)
    cost = items["unit_cost_amount"].to_numpy(float)
    on_hand = items["on_hand_quantity"].to_numpy(float)
    plan = items.assign(
        supplier_name=bought["supplier_name"],
        as_of_date=as_of_date,
        on_order_quantity=bought["on_order"],
        daily_units=rates.mean,
        daily_units_deviation=rates.deviation,
        lead_time_days=supply.lead_days,
        lead_time_deviation_days=supply.lead_deviation,
        review_days=supply.review_days,
        service_level=policy.service_level,
        safety_stock_quantity=safety_stock(np.sqrt(variances[0]), policy.service_level),
        reorder_point_quantity=reorder_point,
        order_up_to_quantity=order_up_to,
        economic_order_quantity=_economic(rates, cost, policy),
        pack_quantity=bought["pack"],
        days_left=np.divide(
            np.maximum(on_hand, 0), rates.mean, out=np.full(len(items), np.nan),
            where=rates.mean > 0,
        ),
    )  # fmt: skip
    plan = _classified(plan, sold, policy)
    position = np.maximum(on_hand, 0) + plan["on_order_quantity"].to_numpy(float)
    shortage = [
        expected_shortage(mean, variance, stock)
        for mean, variance, stock in zip(rates.mean * spans[1], variances[1], position, strict=True)
    ]
    unit_margin = items["unit_price_amount"].to_numpy(float) - cost
    plan["lost_margin_amount"] = np.maximum(unit_margin, 0) * np.array(shortage)
    plan = _ordered(plan, rates, position, as_of_date)
    plan = _perishables(plan, rates, sold, unit_margin, as_of_date)
    plan["order_amount"] = plan["order_quantity"] * plan["unit_cost_amount"]
    plan["recommendation"] = [_sentence(row, as_of_date) for row in plan.to_dict("records")]
    return plan


def _ranked(plan: pd.DataFrame) -> pd.DataFrame:
    """What is urgent first, and of that what costs most to leave."""
    order = {"order now": 0, "order soon": 1, "enough": 2, "dead stock": 3}
    plan = plan.assign(rank=plan["urgency"].map(order)).sort_values(
        ["rank", "lost_margin_amount", *_ITEM], ascending=[True, False, True, True]
    )
    return plan.reset_index(drop=True).reindex(columns=list(REORDER_COLUMNS))


def _weekly(sold: Values) -> Values:
    """Units by week and item of the last year, as if there had been stock on all days."""
    year = sold[-364:]
    weeks = len(year) // DAYS_PER_WEEK
    days = year[len(year) - weeks * DAYS_PER_WEEK :].reshape(weeks, DAYS_PER_WEEK, -1)
    known = (~np.isnan(days)).sum(axis=1)
    weekly: Values = np.nansum(days, axis=1) * DAYS_PER_WEEK / np.maximum(known, TELLING_DAYS)
    return weekly


def _rates(sold: Values) -> tuple[Rates, pd.DataFrame]:
    """Rates of all items; those that sell now and then by the method that proved best for them."""
    rates, weekly = rates_until(sold, len(sold)), _weekly(sold)
    is_rare = np.array([
        demand_class(weekly[:, at]) in {"intermittent", "lumpy"} for at in range(weekly.shape[1])
    ])  # fmt: skip
    start = len(sold) - len(weekly) * DAYS_PER_WEEK

    def mean_rule(week: int) -> Values:
        before = rates_until(sold[:, is_rare], start + week * DAYS_PER_WEEK)
        return before.mean * DAYS_PER_WEEK

    judged = judge_methods(weekly[:, is_rare], mean_rule)
    if judged.empty:
        return rates, evaluation_rows()
    model = str(judged.loc[judged["is_selected"], "model"].iloc[0])
    if model != MEAN_RULE:
        mean = rates.mean.copy()
        mean[is_rare] = weekly_rates(weekly[:, is_rare], model) / DAYS_PER_WEEK
        spread = np.sqrt(np.divide(mean, rates.mean, out=np.ones_like(mean), where=rates.mean > 0))
        rates = Rates(mean, rates.deviation * spread, rates.known_days)
    evidence = judged.assign(
        subject="items that sell now and then", metric="rmse_weekly_units",
        note="Mean of the four weeks after each of four origins.",
    )  # fmt: skip
    return rates, evidence.reindex(columns=list(EVALUATION_COLUMNS))


def _economic(rates: Rates, cost: Values, policy: Policy) -> Values:
    """Economic order quantities; missing where a cost is not known."""
    if policy.order_cost is None:
        return np.full(len(cost), np.nan)
    holding = np.where(cost > 0, cost, np.nan) * policy.yearly_holding_rate
    return economic_order_quantity(rates.mean * 365, policy.order_cost, holding)


def _classified(plan: pd.DataFrame, sold: Values, policy: Policy) -> pd.DataFrame:
    """Classes of worth and demand over the last year, and what lies dead."""
    weekly = _weekly(sold)
    worth = np.nansum(sold[-364:], axis=0) * plan["unit_price_amount"].fillna(0).to_numpy(float)
    is_perishable = (plan["wasted_days_rate"].fillna(0) >= PERISHABLE_RATE) | plan[
        "category_name"
    ].isin(list(policy.perishable_categories))
    is_silent = np.nansum(sold[-DEAD_DAYS:], axis=0) == 0
    return plan.assign(
        policy=np.where(is_perishable, "newsvendor", "reorder"),
        abc_class=abc_classes(pd.Series(worth)),
        xyz_class=[xyz_class(weekly[:, at]) for at in range(len(plan))],
        demand_class=[demand_class(weekly[:, at]) for at in range(len(plan))],
        is_dead_stock=is_silent
        & (len(sold) >= DEAD_DAYS)
        & (plan["on_hand_quantity"].to_numpy(float) > 0),
    )


def _ordered(plan: pd.DataFrame, rates: Rates, position: Values, as_of_date: date) -> pd.DataFrame:
    """When the position falls to the reorder point, and what is missing to the level then."""
    above = position - plan["reorder_point_quantity"].to_numpy(float)
    wait = np.divide(
        np.maximum(above, 0), rates.mean, out=np.full(len(plan), np.inf), where=rates.mean > 0
    )
    wait = np.floor(wait)
    is_wanted = (rates.mean > 0) & ~plan["is_dead_stock"].to_numpy(bool)
    level = plan["order_up_to_quantity"].to_numpy(float)
    # An order that waits finds the position at the reorder point.
    missing = level - np.where(above > 0, plan["reorder_point_quantity"].to_numpy(float), position)
    pack = plan["pack_quantity"].to_numpy(float)
    quantity = np.where(is_wanted, whole_packs(missing, pack), 0.0)
    urgency = np.select(
        [plan["is_dead_stock"], ~is_wanted, wait < 1, wait < plan["review_days"]],
        ["dead stock", "enough", "order now", "order soon"],
        "enough",
    )
    days: list[Any] = [
        as_of_date + timedelta(days=1 + int(each)) if ok and each < 3_650 else None
        for each, ok in zip(wait, is_wanted, strict=True)
    ]
    return plan.assign(urgency=urgency, order_quantity=quantity, order_by_date=days)


def _perishables(
    plan: pd.DataFrame, rates: Rates, sold: Values, unit_margin: Values, as_of_date: date
) -> pd.DataFrame:
    """What does not keep is ordered for the day on which it arrives."""
    fresh = (plan["policy"] == "newsvendor").to_numpy()
    if not fresh.any():
        return plan
    arrives = 1 + np.rint(plan["lead_time_days"].to_numpy(float)).astype(int)
    share = _weekday_shares(sold)
    weekday = (len(sold) - 1 + arrives) % DAYS_PER_WEEK
    mean = rates.mean * share[weekday, np.arange(len(plan))]
    variance = np.maximum(mean, mean * rates.deviation**2 / np.maximum(rates.mean, 1e-9))
    cost = plan["unit_cost_amount"].to_numpy(float)
    is_known = (unit_margin > 0) & (cost > 0)
    level = np.where(is_known, unit_margin, plan["service_level"])
    loss = np.where(is_known, cost, 1 - plan["service_level"])
    quantity = whole_packs(
        newsvendor_quantity(mean, variance, level, loss), plan["pack_quantity"].to_numpy(float)
    )
    is_wanted = fresh & (rates.mean > 0) & (np.nansum(sold[-28:], axis=0) > 0)
    days: list[Any] = [
        (as_of_date + timedelta(days=1) if ok else None) if is_fresh else day
        for is_fresh, ok, day in zip(fresh, is_wanted, plan["order_by_date"], strict=True)
    ]
    return plan.assign(
        order_quantity=np.where(fresh, np.where(is_wanted, quantity, 0.0), plan["order_quantity"]),
        urgency=np.where(fresh, np.where(is_wanted, "order now", "enough"), plan["urgency"]),
        order_by_date=days,
        service_level=np.where(fresh, level / (level + loss), plan["service_level"]),
    )


def _weekday_shares(sold: Values) -> Values:
    """Per weekday (of the day's number) and item: its part of the mean day, of all items alike."""
    whole = np.nansum(sold[-182:], axis=1)
    weekday = np.arange(len(sold))[-182:] % DAYS_PER_WEEK
    is_open = whole > 0
    mean = np.bincount(weekday, whole, DAYS_PER_WEEK) / np.maximum(
        np.bincount(weekday, is_open, DAYS_PER_WEEK), 1
    )
    share = mean / mean.mean() if mean.mean() > 0 else np.ones(DAYS_PER_WEEK)
    return np.repeat(share[:, None], sold.shape[1], axis=1)


def _sentence(row: Mapping[Any, Any], as_of_date: date) -> str:
    name = f"{row['product_name']} ({row['location_name']})"
    left, quantity = row["days_left"], row["order_quantity"]
    if row["urgency"] == "dead stock":
        left = f"{row['on_hand_quantity']:,.0f}"
        return f"{name}: {left} lie unsold for {DEAD_DAYS} days: sell them off."
    if row["urgency"] == "enough" or not quantity:
        days = "" if pd.isna(left) else f", {left:,.0f} days left"
        return f"Enough {name} for now{days}."
    day = row["order_by_date"]
    when = f"{day:%A}" if (day - as_of_date).days <= DAYS_PER_WEEK else f"{day:%d %B}"
    if row["policy"] == "newsvendor":
        return f"Order {quantity:,.0f} × {name} by {when} for the day it arrives: it does not keep."
    return (
        f"Reorder {quantity:,.0f} × {name} by {when}: {left:,.0f} days left, lead time "
        f"{row['lead_time_days']:,.0f} days."
    )


def _proof(sold: Values, supply: Supply, level: float) -> pd.DataFrame:
    """What the rule would have achieved in the past year, and the rules of thumb beside it."""
    first = max(len(sold) - REPLAY_DAYS, REPLAY_HISTORY)
    if len(sold) - first < REPLAY_HISTORY or sold.shape[1] == 0:
        return evaluation_rows()
    worth = np.argsort(-np.nansum(sold, axis=0), kind="stable")
    # Every so-manieth of the items by their sales, so that slow ones are there as well.
    chosen = np.sort(worth[:: max(1, int(np.ceil(len(worth) / REPLAY_ITEMS)))])
    sold, supply = sold[:, chosen], _of_items(supply, np.isin(np.arange(len(worth)), chosen))
    drift = drift_rates(
        sold[:first], supply.review_days + supply.lead_days, first_day=min(91, first // 2)
    )
    ours = replay(sold, supply, service_rule(supply, level, drift), first_day=first, seed=SEED)
    thumb = {}
    for weeks in FIXED_WEEKS:
        rule = fixed_weeks_rule(supply, weeks)
        thumb[weeks] = replay(sold, supply, rule, first_day=first, seed=SEED)
        if _service(thumb[weeks]) >= _service(ours):
            break
    fair = max(thumb)
    days, items = len(sold) - first, sold.shape[1]
    note = f"{items} items replayed over {days} days of their own past demand, target {level:.0%}"
    rows = []
    for model, outcome, is_selected in (
        ("service_level", ours, True),
        (f"fixed_{min(4, fair)}_weeks", thumb[min(4, fair)], False),
        (f"fixed_{fair}_weeks", thumb[fair], False),
    ):
        for metric, value in (
            ("cycle_service_rate", _service(outcome)),
            ("fill_rate", float(outcome.units_met.sum() / max(outcome.units_wanted.sum(), 1.0))),
            ("average_stock_units", float(outcome.average_stock.sum())),
        ):
            rows.append(("all items", model, metric, value, not is_selected, is_selected,
                         int(outcome.cycles.sum()), note))  # fmt: skip
    found = evaluation_rows(rows)
    return found.drop_duplicates(["model", "metric"], ignore_index=True)


def _service(outcome: Outcome) -> float:
    return float(outcome.cycles_met.sum() / max(outcome.cycles.sum(), 1.0))
