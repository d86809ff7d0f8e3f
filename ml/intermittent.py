"""Rates of items that sell now and then: Croston and its successors against the plain mean.

Which of them makes the plan is judged on weeks that none had seen (statsforecast's Croston 1972,
Syntetos & Boylan 2005, and Teunter, Syntetos & Babai 2011).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ml.calendar import Values

MEAN_RULE = "mean"
ORIGINS, WEEKS_AHEAD, MINIMUM_WEEKS = 4, 4, 26
JUDGED_ITEMS = 150
SMOOTHING = 0.1
_HISTORY_WEEKS = 52


def _methods() -> dict[str, Callable[[Values], float]]:
    from statsforecast.models import TSB, CrostonClassic, CrostonSBA  # slow to import

    models = {
        "croston": CrostonClassic(),
        "croston_sba": CrostonSBA(),
        "tsb": TSB(alpha_d=SMOOTHING, alpha_p=SMOOTHING),
    }
    return {
        name: lambda series, model=model: float(model.forecast(series, 1)["mean"][0])  # type: ignore[misc]
        for name, model in models.items()
    }


def judge_methods(weekly: Values, mean_rule: Callable[[int], Values]) -> pd.DataFrame:
    """How far each method was from the mean of the weeks after an origin.

    Args:
        weekly: units by week and item.
        mean_rule: the weekly mean of each item from the weeks before a given week.

    Returns:
        ``model``, ``value`` (root mean squared error of weekly units), ``is_baseline``,
        ``is_selected``, ``observations_count``; empty with too few weeks.
    """
    weeks, items = weekly.shape
    if weeks < MINIMUM_WEEKS + ORIGINS * WEEKS_AHEAD or items == 0:
        return pd.DataFrame()
    chosen = np.arange(0, items, max(1, int(np.ceil(items / JUDGED_ITEMS))))
    methods = _methods()
    errors: dict[str, list[Values]] = {name: [] for name in (MEAN_RULE, *methods)}
    for back in range(ORIGINS, 0, -1):
        origin = weeks - back * WEEKS_AHEAD
        actual = weekly[origin : origin + WEEKS_AHEAD, chosen].mean(axis=0)
        errors[MEAN_RULE].append(mean_rule(origin)[chosen] - actual)
        for name, method in methods.items():
            errors[name].append(_rates(method, weekly[:origin, chosen]) - actual)
    found = pd.DataFrame({
        "model": list(errors),
        "value": [float(np.sqrt(np.mean(np.concatenate(each) ** 2))) for each in errors.values()],
        "is_baseline": [name == MEAN_RULE for name in errors],
        "observations_count": ORIGINS * len(chosen),
    })  # fmt: skip
    return found.assign(is_selected=found.index == found["value"].idxmin())


def weekly_rates(weekly: Values, model: str) -> Values:
    """Units a week of each item by a method of :func:`judge_methods` other than the mean."""
    return _rates(_methods()[model], weekly)


def _rates(method: Callable[[Values], float], weekly: Values) -> Values:
    recent = np.asarray(weekly[-_HISTORY_WEEKS:], float)
    return np.array([
        method(recent[:, at]) if recent[:, at].any() else 0.0 for at in range(recent.shape[1])
    ])  # fmt: skip
