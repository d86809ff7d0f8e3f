"""What a price test says: keep the old price, take the new one, or not decided yet.

Buyers are tossed to a price, so the difference is caused by it: unlike an elasticity of past sales,
this is an experiment. The metric is the margin per visitor, because a higher price that sells less
may earn more. A day is the unit of chance: both arms meet the same day, so their daily margins are
compared in pairs (ratio estimator, Cochran 1977, "Sampling Techniques", chapter 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from ml.calendar import Values

MINIMUM_DAYS = 14
MINIMUM_ORDERS = 30
SIGNIFICANCE = 0.05
# What a planner would want to see: a change of the margin per visitor by a tenth.
RELEVANT_CHANGE = 0.10

VERDICT_COLUMNS = (
    "test_name", "control_name", "variant_name", "first_date", "last_date", "days_count",
    "control_visitors_count", "variant_visitors_count", "control_margin_amount",
    "variant_margin_amount", "difference_amount", "lower_difference_amount",
    "upper_difference_amount", "p_value", "confidence_rate", "verdict", "reason",
)  # fmt: skip
_ARM = ["test_name", "variant_name"]


def judge_price_tests(days: pd.DataFrame, arms: pd.DataFrame, as_of_date: date) -> pd.DataFrame:
    """A verdict per test and new price.

    Args:
        days: ``test_name``, ``variant_name``, ``test_date``, ``visitors_count``, ``orders_count``,
            ``net_amount``, ``cost_amount`` (missing where the cost is not known); one row a day.
        arms: ``test_name``, ``variant_name``, ``is_sample_ratio_mismatched`` (whether visitors
            are shared out other than planned, at one in a thousand).
        as_of_date: the last complete day.

    Returns:
        ``VERDICT_COLUMNS``. ``verdict`` is keep_old, take_new, no_difference, running, invalid or
        too_few_data; amounts are margins per visitor. The first arm by name is the old price.
    """
    rows = [
        row
        for _, test in days.sort_values([*_ARM, "test_date"]).groupby("test_name", sort=True)
        for row in _verdicts(test, arms, as_of_date)
    ]
    return pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))


def _verdicts(
    test: pd.DataFrame, arms: pd.DataFrame, as_of_date: date
) -> Iterator[dict[str, object]]:
    name = str(test["test_name"].iloc[0])
    names = sorted(test["variant_name"].unique())
    mine = arms[arms["test_name"] == name]
    is_mismatched = bool(mine["is_sample_ratio_mismatched"].fillna(False).astype(bool).any())
    last = pd.Timestamp(test["test_date"].max()).date()
    if len(names) < 2:
        names = [names[0], names[0]]
    comparisons = len(names) - 1
    for variant in names[1:]:
        old = test[test["variant_name"] == names[0]].set_index("test_date")
        new = test[test["variant_name"] == variant].set_index("test_date")
        # What several comparisons find by chance is shared among them (Bonferroni).
        compared = _compared(old, new, SIGNIFICANCE / comparisons)
        known = {
            "test_name": name,
            "control_name": names[0],
            "variant_name": variant,
            "first_date": test["test_date"].min(),
            "last_date": test["test_date"].max(),
            "days_count": test["test_date"].nunique(),
            "control_visitors_count": int(old["visitors_count"].sum()),
            "variant_visitors_count": int(new["visitors_count"].sum()),
            "confidence_rate": 1 - SIGNIFICANCE / comparisons,
        }
        reason = _obstacle(old, new, is_mismatched, last, as_of_date)
        if reason is not None:
            # An interval of a test that is broken or not over invites to read it.
            yield {**known, "verdict": reason[0], "reason": reason[1]}
        else:
            yield {**known, **compared, **_words(compared, known)}


def _obstacle(
    old: pd.DataFrame, new: pd.DataFrame, is_mismatched: bool, last: date, as_of_date: date
) -> tuple[str, str] | None:
    """Why there is no verdict."""
    if old["variant_name"].iloc[0] == new["variant_name"].iloc[0]:
        return "too_few_data", "Not enough data: there is one price only, a test needs two."
    if is_mismatched:
        return (
            "invalid",
            (
                "No verdict: visitors were not shared out as planned, so the groups differ in more "
                "than the price. Look for a broken redirect or a filter, and test again."
            ),
        )
    if last + timedelta(days=1) > as_of_date:
        return (
            "running",
            (
                "No verdict yet: the test is running, and a look before its end finds differences "
                "that are chance."
            ),
        )
    days = min(old.index.nunique(), new.index.nunique())
    orders = int(min(old["orders_count"].sum(), new["orders_count"].sum()))
    if days < MINIMUM_DAYS or orders < MINIMUM_ORDERS:
        return (
            "too_few_data",
            (
                f"Not enough data: each price needs {MINIMUM_DAYS} days and {MINIMUM_ORDERS} "
                f"orders, the smaller has {days} and {orders}."
            ),
        )
    if old["cost_amount"].isna().any() or new["cost_amount"].isna().any():
        return "too_few_data", "The margin is not known: enter the cost of the tested product."
    return None


def _compared(old: pd.DataFrame, new: pd.DataFrame, significance: float) -> dict[str, float]:
    """Margins per visitor, their difference and its interval, days being pairs."""
    sides = []
    every_day = old.index.union(new.index)
    for arm in (old, new):
        margin = (arm["net_amount"] - arm["cost_amount"]).reindex(every_day).fillna(0.0)
        visitors = arm["visitors_count"].reindex(every_day).fillna(0.0)
        sides.append(_ratio(margin.to_numpy(float), visitors.to_numpy(float)))
    (old_mean, old_parts), (new_mean, new_parts) = sides
    count = len(every_day)
    difference = new_mean - old_mean
    error = float(np.sqrt(count / max(count - 1, 1) * ((new_parts - old_parts) ** 2).sum()))
    reach = float(student_t.ppf(1 - significance / 2, max(count - 1, 1))) * error
    chance = 2 * float(student_t.sf(abs(difference) / error, max(count - 1, 1))) if error else 1.0
    return {
        "control_margin_amount": old_mean,
        "variant_margin_amount": new_mean,
        "difference_amount": difference,
        "lower_difference_amount": difference - reach,
        "upper_difference_amount": difference + reach,
        "p_value": chance,
    }


def _ratio(margin: Values, visitors: Values) -> tuple[float, Values]:
    """Margin per visitor, and what each day adds to its error."""
    total = visitors.sum()
    if total <= 0:
        return 0.0, np.zeros(len(visitors))
    mean = float(margin.sum() / total)
    return mean, (margin - mean * visitors) / total


def _words(compared: dict[str, float], known: dict[str, object]) -> dict[str, str]:
    old, difference = compared["control_margin_amount"], compared["difference_amount"]
    low, high = compared["lower_difference_amount"], compared["upper_difference_amount"]
    found = (
        f"{known['variant_name']} earns {compared['variant_margin_amount']:,.2f} per visitor, "
        f"{known['control_name']} {old:,.2f}; difference {difference:+,.2f} "
        f"({low:+,.2f} to {high:+,.2f})"
    )
    if high < 0:
        return {"verdict": "keep_old", "reason": f"Keep the old price: {found}."}
    if low > 0:
        return {"verdict": "take_new", "reason": f"Take the new price: {found}."}
    wanted = abs(old) * RELEVANT_CHANGE
    days = known["days_count"]
    assert isinstance(days, int | np.integer)
    more = int(np.ceil(days * ((high - low) / 2 / wanted) ** 2)) if wanted > 0 else 0
    longer = (
        f" To see a change of {RELEVANT_CHANGE:.0%}, run about {more} days."
        if more > days
        else f" A change of {RELEVANT_CHANGE:.0%} would have been seen."
    )
    return {"verdict": "no_difference", "reason": f"Keep the old price for now: {found}.{longer}"}
