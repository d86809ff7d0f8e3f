"""What a rule of reordering would have achieved: a year of days replayed against past demand.

Each rule sees, on each day of a review, what had been sold until then and nothing later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.calendar import DAYS_PER_WEEK, Values
from ml.stock_policy import demand_quantile, demand_variance

# Days of sales that a mean is taken over: the shortest with enough units to tell.
WINDOWS = (56, 182, 364)
TELLING_UNITS = 30.0
SPREAD_DAYS = 364
# Weeks of cover that rules of thumb keep.
FIXED_WEEKS = tuple(range(1, 27))


@dataclass(frozen=True)
class Rates:
    """Of each item: units a day, their standard deviation, and the days the mean was taken of."""

    mean: Values
    deviation: Values
    known_days: Values


@dataclass(frozen=True)
class Supply:
    """How each item is bought.

    Attributes:
        review_days: days between two orders.
        lead_days: mean days from order to delivery.
        lead_deviation: standard deviation of the lead time.
        lead_samples: lead times seen, of which the replay draws.
    """

    review_days: Values
    lead_days: Values
    lead_deviation: Values
    lead_samples: Sequence[Values]


@dataclass(frozen=True)
class Outcome:
    """Of each item: cycles from order to order that saw no empty shelf, and what lay there."""

    cycles: Values
    cycles_met: Values
    units_wanted: Values
    units_met: Values
    average_stock: Values


def rates_until(demand: Values, day: int) -> Rates:
    """Rates of each item from the days before ``day``.

    Args:
        demand: units by day and item; missing where they could not be sold.
    """
    mean = np.full(demand.shape[1], np.nan)
    days = np.ones(demand.shape[1])
    for window in WINDOWS:
        seen = demand[max(0, day - window) : day]
        known = np.maximum((~np.isnan(seen)).sum(axis=0), 1)
        units = np.nansum(seen, axis=0)
        is_open = np.isnan(mean) & ((units >= TELLING_UNITS) | (window == WINDOWS[-1]))
        mean = np.where(is_open, units / known, mean)
        days = np.where(is_open, known, days)
    seen = demand[max(0, day - SPREAD_DAYS) : day]
    known = (~np.isnan(seen)).sum(axis=0)
    average = np.nansum(seen, axis=0) / np.maximum(known, 1)
    squares = np.nansum((seen - average) ** 2, axis=0) / np.maximum(known - 1, 1)
    # The spread goes with the mean: what sells twice as much varies twice as much.
    dispersion = np.divide(squares, average, out=np.ones_like(average), where=average > 0)
    return Rates(mean, np.sqrt(np.maximum(dispersion, 1.0) * mean), days)


def drift_rates(demand: Values, spans: Values, *, first_day: int) -> Values:
    """By how much the mean of the days ahead differs from what it was, beyond chance.

    Args:
        spans: days ahead of each item; those of about the same span are judged together.
        first_day: the first day from which to look ahead.

    Returns:
        A part of the mean, for each item; nothing where too little is known.
    """
    found = np.zeros(len(spans))
    weeks = np.maximum(1, np.rint(spans / DAYS_PER_WEEK / 2)).astype(int) * 2
    for each in np.unique(weeks):
        mine = weeks == each
        found[mine] = _drift_rate(demand[:, mine], int(each) * DAYS_PER_WEEK, first_day)
    return found


def _drift_rate(demand: Values, span: int, first_day: int) -> float:
    excess, scale = 0.0, 0.0
    for day in range(first_day, len(demand) - span + 1, DAYS_PER_WEEK * 2):
        rates = rates_until(demand, day)
        ahead = demand[day : day + span]
        known = (~np.isnan(ahead)).sum(axis=0)
        expected = rates.mean * known
        error = np.nansum(ahead, axis=0) - expected
        use = (known > 0) & (rates.mean > 0)
        chance = rates.deviation**2 * known * (1 + known / rates.known_days)
        excess += float(((error**2 - chance) / np.maximum(expected, 1e-9))[use].sum())
        scale += float(expected[use].sum())
    return float(np.sqrt(max(excess, 0.0) / scale)) if scale > 0 else 0.0


Level = Callable[[Rates, int], Values]


def service_rule(supply: Supply, level: float, drift: Values) -> Level:
    """Order up to what demand stays within until the next order arrives, with this probability."""
    span = supply.review_days + supply.lead_days

    def order_up_to(rates: Rates, day: int) -> Values:
        del day
        variance = demand_variance(rates.mean, rates.deviation, span, supply.lead_deviation, drift)
        # The mean is as good as the days it is taken of.
        variance = variance + rates.deviation**2 * span**2 / rates.known_days
        return demand_quantile(rates.mean * span, variance, level)

    return order_up_to


def fixed_weeks_rule(supply: Supply, weeks: int) -> Level:
    """Order up to the lead time's and so many weeks' mean demand."""

    def order_up_to(rates: Rates, day: int) -> Values:
        del day
        return np.ceil(rates.mean * (supply.lead_days + weeks * DAYS_PER_WEEK))

    return order_up_to


def replay(demand: Values, supply: Supply, rule: Level, *, first_day: int, seed: int) -> Outcome:
    """Replay the days from ``first_day`` on; what is not on the shelf is not sold.

    Args:
        demand: units wanted by day and item; on missing days the mean of before is wanted.
        seed: of the lead times, drawn from those seen.
    """
    dice = np.random.default_rng(seed)
    days, items = demand.shape
    arriving, ending = np.zeros((days + 400, items)), np.zeros((days + 400, items), bool)
    rates = rates_until(demand, first_day)
    stock = rule(rates, first_day)
    is_met = np.ones(items, bool)
    cycles, met = np.zeros(items), np.zeros(items)
    wanted_units, met_units, held = np.zeros(items), np.zeros(items), np.zeros(items)
    phase = np.arange(items) % supply.review_days
    on_order = np.zeros(items)
    for day in range(first_day, days):
        # A cycle ends when a delivery comes, or would have come.
        ended = ending[day]
        cycles, met = cycles + ended, met + (ended & is_met)
        is_met |= ended
        arrived = arriving[day]
        stock, on_order = stock + arrived, on_order - arrived
        wanted = np.where(np.isnan(demand[day]), np.rint(rates.mean), demand[day])
        sold = np.minimum(wanted, stock)
        is_met &= sold >= wanted
        stock = stock - sold
        wanted_units += wanted
        met_units += sold
        held += stock
        reviewed = np.flatnonzero((day + phase) % supply.review_days == 0)
        if len(reviewed) == 0:
            continue
        rates = rates_until(demand, day + 1)
        order = np.maximum(rule(rates, day) - stock - on_order, 0)
        for item in reviewed.tolist():
            samples = supply.lead_samples[item]
            # Ordered on the morning after the review.
            due = day + 1 + max(1, int(samples[dice.integers(len(samples))]))
            arriving[min(due, len(arriving) - 1), item] += order[item]
            ending[min(due, len(arriving) - 1), item] = True
            on_order[item] += order[item]
    return Outcome(cycles, met, wanted_units, met_units, held / max(days - first_day, 1))
