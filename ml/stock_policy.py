"""Formulas of inventory control: how much to keep, when to order, how much, and classes of items.

Demand over a span of days is taken as negative binomial (Poisson where it varies no more, normal
where it is large), because small shops sell a few units at a time.
Source: Silver, Pyke & Thomas, "Inventory and Production Management in Supply Chains" (2017).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import nbinom, norm, poisson

from ml.calendar import Values

# From this mean on a count is as good as normal.
NORMAL_MEAN = 1_000.0
ABC_LIMITS = (0.80, 0.95)
XYZ_LIMITS = (0.5, 1.0)
# Syntetos, Boylan & Croston (2005): mean periods between sales, squared variation of their size.
INTERVAL_LIMIT, VARIATION_LIMIT = 1.32, 0.49


def demand_variance(
    daily_mean: Values, daily_deviation: Values, days: Values, days_deviation: Values,
    drift_rate: Values | float = 0.0,
) -> Values:  # fmt: skip
    """Variance of the demand over a span whose length itself varies: ``L·σ² + d²·σL² + (c·d·L)²``.

    Args:
        daily_mean: units a day (d).
        daily_deviation: standard deviation of the units of a day (σ).
        days: mean length of the span (L), with its standard deviation ``days_deviation`` (σL).
        drift_rate: by how much the mean itself will differ from what it was, as a part of it (c).
    """
    return (
        days * daily_deviation**2
        + daily_mean**2 * days_deviation**2
        + (drift_rate * daily_mean * days) ** 2
    )


def demand_quantile(mean: Values, variance: Values, level: Values | float) -> Values:
    """Whole units that demand stays within, with probability ``level``."""
    mean, variance = np.broadcast_arrays(np.asarray(mean, float), np.asarray(variance, float))
    found = np.zeros(mean.shape)
    level = np.broadcast_to(np.asarray(level, float), mean.shape)
    is_large = mean > NORMAL_MEAN
    is_spread = ~is_large & (variance > mean * (1 + 1e-6)) & (mean > 0)
    is_plain = ~is_large & ~is_spread & (mean > 0)
    found[is_plain] = poisson.ppf(level[is_plain], mean[is_plain])
    size, chance = _negative_binomial(mean[is_spread], variance[is_spread])
    found[is_spread] = nbinom.ppf(level[is_spread], size, chance)
    found[is_large] = np.ceil(
        mean[is_large] + norm.ppf(level[is_large]) * np.sqrt(variance[is_large])
    )
    return found


def _negative_binomial(mean: Values, variance: Values) -> tuple[Values, Values]:
    return mean**2 / (variance - mean), mean / variance


def expected_shortage(mean: float, variance: float, stock: float) -> float:
    """Units of demand that a stock does not meet, on average: E[(D − stock)⁺]."""
    if mean <= 0:
        return 0.0
    if mean > NORMAL_MEAN:
        spread = max(np.sqrt(variance), 1e-9)
        z = (stock - mean) / spread
        return float(spread * (norm.pdf(z) - z * norm.sf(z)))
    whole = np.arange(max(0, int(np.floor(stock))))
    if variance > mean * (1 + 1e-6):
        size, chance = mean**2 / (variance - mean), mean / variance
        beyond = nbinom.sf(whole, size, chance)
    else:
        beyond = poisson.sf(whole, mean)
    return float(max(0.0, mean - beyond.sum() + min(0.0, stock) * -1))


def safety_stock(deviation: Values, level: float) -> Values:
    """Units beyond the mean: z × standard deviation of the demand over the span."""
    return float(norm.ppf(level)) * np.asarray(deviation, float)


def newsvendor_quantity(mean: Values, variance: Values, margin: Values, loss: Values) -> Values:
    """Units to have for one day of what does not keep (Arrow, Harris & Marschak 1951).

    Args:
        mean: units wanted on the day, with their variance.
        margin: earned by a unit that is sold.
        loss: lost with a unit that is left.
    """
    return demand_quantile(mean, variance, margin / (margin + loss))


def economic_order_quantity(
    yearly_units: Values, order_cost: float, yearly_holding_cost: Values
) -> Values:
    """Units per order at which ordering and holding cost the same (Harris 1913)."""
    return np.sqrt(2 * yearly_units * order_cost / yearly_holding_cost)


def whole_packs(units: Values, pack_size: Values) -> Values:
    """Units rounded up to whole packs; nothing for what is not needed."""
    # A hair above a whole pack is a rounding, not a need.
    return np.ceil(np.maximum(units, 0) / pack_size - 1e-9) * pack_size


def abc_classes(worth: pd.Series[float]) -> pd.Series[str]:
    """A: what makes the first 80 % of the worth; B: the next 15 %; C: the rest, and the worthless.

    Equal items are in the same class.
    """
    positive = worth.clip(lower=0)
    whole = positive.sum()
    if whole <= 0:
        return pd.Series(["C"] * len(worth), index=worth.index)
    above = positive.map(lambda each: positive[positive > each].sum()) / whole
    return pd.Series(
        [
            "C" if each <= 0 or share >= ABC_LIMITS[1] else "A" if share < ABC_LIMITS[0] else "B"
            for each, share in zip(positive, above, strict=True)
        ],
        index=worth.index,
    )


def xyz_class(weekly: Values) -> str:
    """X: steady, Y: varying, Z: erratic, by the coefficient of variation of the weekly units."""
    mean = float(np.mean(weekly)) if len(weekly) else 0.0
    if mean <= 0 or len(weekly) < 2:
        return "Z"
    variation = float(np.std(weekly, ddof=1)) / mean
    return "X" if variation <= XYZ_LIMITS[0] else "Y" if variation <= XYZ_LIMITS[1] else "Z"


def demand_class(weekly: Values) -> str:
    """smooth, erratic, intermittent, lumpy (Syntetos, Boylan & Croston 2005) or none (unsold)."""
    sold = weekly[weekly > 0]
    if len(sold) == 0:
        return "none"
    is_rare = len(weekly) / len(sold) > INTERVAL_LIMIT
    varies = len(sold) > 1 and (np.std(sold, ddof=1) / np.mean(sold)) ** 2 > VARIATION_LIMIT
    if is_rare:
        return "lumpy" if varies else "intermittent"
    return "erratic" if varies else "smooth"
