"""How long customers stay and how often they buy: BG/NBD, Pareto/NBD and Gamma-Gamma.

Only the three models live here: fitted by maximum likelihood, and what follows for a customer of a
known past. Which of them may speak, and about whom, is decided in :mod:`ml.customer_value`.

A past is a DataFrame with one row per customer: ``repeat_orders`` (purchases after the first),
``recency_weeks`` (first to last purchase) and ``age_weeks`` (first purchase to the end of the
data). Purchases within one day count as one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

Floats = npt.NDArray[np.float64]

# Under so many repeat customers the published parameters of a real shop pull on the fit.
PRIOR_UNTIL_CUSTOMERS = 200
# More customers than these change no third digit, and cost seconds.
FITTED_CUSTOMERS = 20_000
# Shapes of the CDNOW customers (Fader, Hardie & Lee 2005), and how far a shop may be from them:
# 0.5 in logarithms is a factor of 1.6. Scales depend on the shop alone, so they are hardly held.
_PRIOR_SHAPES = {"r": 0.243, "a": 0.793, "b": 2.426, "pareto_r": 0.553, "s": 0.606}
_PRIOR_SPREAD, _SCALE_SPREAD = 0.5, 1.5
_LARGEST_LOGARITHM = 12.0


class LifetimeModel(Protocol):
    """What both models answer for customers of a known past."""

    name: ClassVar[str]

    def alive_probability(self, past: pd.DataFrame) -> Floats:
        """Probability that each customer is still one."""
        ...

    def expected_orders(self, past: pd.DataFrame, weeks: float) -> Floats:
        """Expected purchases of each customer in the next weeks."""
        ...

    def quiet_probability(self, past: pd.DataFrame, weeks: float) -> Floats:
        """Probability of no purchase in the next weeks."""
        ...

    def waiting_weeks(self, past: pd.DataFrame) -> Floats:
        """Median weeks until the next purchase of a customer who is still one."""
        ...

    def draw_orders(
        self, past: pd.DataFrame, weeks: float, draws: int, dice: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        """Simulated purchases in the next weeks, shape (customers, draws)."""
        ...

    def parameters(self) -> dict[str, float]:
        """The fitted parameters by their names in the papers."""
        ...


class _Fitted:
    """What the models share."""

    def parameters(self) -> dict[str, float]:
        """The fitted parameters by their names in the papers."""
        return {name: float(value) for name, value in vars(self).items()}

    def waiting_weeks(self, past: pd.DataFrame) -> Floats:
        """Median weeks until the next purchase of a customer who is still one.

        A customer's rate is Gamma(r + x, α + T), so the wait is Lomax and its median closed.
        """
        r, alpha = vars(self)["r"], vars(self)["alpha"]
        x, _, age = _columns(past)
        return np.asarray((alpha + age) * np.expm1(np.log(2) / (r + x)))


@dataclass(frozen=True)
class BgNbd(_Fitted):
    """Customers buy at rates Gamma(r, α) and may leave after any purchase, odds Beta(a, b).

    Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    name: ClassVar[str] = "bg_nbd"

    def alive_probability(self, past: pd.DataFrame) -> Floats:
        """Probability that each customer is still one; 1 for those who bought once."""
        x, recency, age = _columns(past)
        odds_left = (
            np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1)
            + (self.r + x) * np.log((self.alpha + age) / (self.alpha + recency))
        )  # fmt: skip
        return np.where(x > 0, np.exp(-np.logaddexp(0.0, odds_left)), 1.0)

    def expected_orders(self, past: pd.DataFrame, weeks: float) -> Floats:
        """Expected purchases of each customer in the next weeks.

        Euler's transformation of the paper's equation 10 keeps 2F1 near 1 for any history.
        """
        x, _, age = _columns(past)
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6
        z = weeks / (self.alpha + age + weeks)
        rest = (1 - z) ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, a + self.b + x - 1, z)
        ahead = (a + self.b + x - 1) / (a - 1) * (1 - rest)
        return np.asarray(self.alive_probability(past) * np.maximum(ahead, 0.0))

    def quiet_probability(self, past: pd.DataFrame, weeks: float) -> Floats:
        """Probability of no purchase in the next weeks."""
        x, _, age = _columns(past)
        waits = np.exp(-(self.r + x) * np.log1p(weeks / (self.alpha + age)))
        alive = self.alive_probability(past)
        return np.asarray(1 - alive + alive * waits)

    def draw_orders(
        self, past: pd.DataFrame, weeks: float, draws: int, dice: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        """Simulated purchases; of a living customer both rate and odds have closed posteriors."""
        x, _, age = _columns(past)
        shape = (len(x), draws)
        rate = dice.gamma((self.r + x)[:, None], (1 / (self.alpha + age))[:, None], shape)
        leaves = dice.beta(self.a, (self.b + x)[:, None], shape).clip(1e-9, 1.0)
        bought = np.minimum(dice.poisson(rate * weeks), dice.geometric(leaves))
        is_alive = dice.random(shape) < self.alive_probability(past)[:, None]
        return np.asarray(bought * is_alive)


@dataclass(frozen=True)
class ParetoNbd(_Fitted):
    """Customers buy at rates Gamma(r, α) and leave at rates Gamma(s, β), unseen.

    Schmittlein, Morrison & Colombo (1987); likelihood after Fader & Hardie (2005), note 009.
    """

    r: float
    alpha: float
    s: float
    beta: float
    log_likelihood: float
    name: ClassVar[str] = "pareto_nbd"

    def alive_probability(self, past: pd.DataFrame) -> Floats:
        """Probability that each customer is still one."""
        stayed, left = _pareto_parts(
            np.array([self.r, self.alpha, self.s, self.beta]), *_columns(past)
        )
        return np.asarray(np.exp(stayed - np.logaddexp(stayed, left)))

    def expected_orders(self, past: pd.DataFrame, weeks: float) -> Floats:
        """Expected purchases of each customer in the next weeks (equation 41 of note 009)."""
        x, _, age = _columns(past)
        more = self.s - 1
        shrink = np.log((self.beta + age) / (self.beta + age + weeks))
        lived = -shrink if abs(more) < 1e-9 else -np.expm1(more * shrink) / more
        rate = (self.r + x) / (self.alpha + age)
        return np.asarray(self.alive_probability(past) * rate * (self.beta + age) * lived)

    def quiet_probability(self, past: pd.DataFrame, weeks: float) -> Floats:
        """Probability of no purchase in the next weeks: nobody who looks on would see it end.

        It is the likelihood of the same purchases in a longer time, relative to what was seen.
        """
        values = np.array([self.r, self.alpha, self.s, self.beta])
        x, recency, age = _columns(past)
        now = np.logaddexp(*_pareto_parts(values, x, recency, age))
        later = np.logaddexp(*_pareto_parts(values, x, recency, age + weeks))
        return np.asarray(np.exp(np.minimum(later - now, 0.0)))

    def draw_orders(
        self, past: pd.DataFrame, weeks: float, draws: int, dice: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        """Simulated purchases; of a living customer both rates are Gamma, independently."""
        x, _, age = _columns(past)
        shape = (len(x), draws)
        rate = dice.gamma((self.r + x)[:, None], (1 / (self.alpha + age))[:, None], shape)
        leaving = dice.gamma(self.s, (1 / (self.beta + age))[:, None], shape)
        stays = dice.exponential(1.0, shape) / np.maximum(leaving, 1e-12)
        is_alive = dice.random(shape) < self.alive_probability(past)[:, None]
        return np.asarray(dice.poisson(rate * np.minimum(stays, weeks) * is_alive))


@dataclass(frozen=True)
class GammaGamma:
    """Amounts of one customer's purchases are Gamma(p, ν), ν differs by Gamma(q, γ).

    Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float

    def expected_amount(self, orders: Floats, mean_amount: Floats) -> Floats:
        """Expected amount per purchase: the customer's mean, drawn to that of all customers.

        Args:
            orders: purchases with a known amount; 0 gives the mean of all customers.
            mean_amount: their mean, of any value where there are none; below 0 counts as 0.
        """
        seen = orders * np.where(orders > 0, np.maximum(mean_amount, 0.0), 0.0)
        return np.asarray(self.p * (self.gamma + seen) / (self.p * orders + self.q - 1))

    def draw_amounts(
        self,
        bought: npt.NDArray[np.int64],
        orders: Floats,
        mean_amount: Floats,
        dice: np.random.Generator,
    ) -> Floats:
        """Simulated sums of so many purchases, in the shape of ``bought`` (customers, draws)."""
        seen = orders * np.where(orders > 0, np.maximum(mean_amount, 0.0), 0.0)
        precision = dice.gamma(
            (self.q + self.p * orders)[:, None], (1 / (self.gamma + seen))[:, None], bought.shape
        )
        amounts = dice.standard_gamma(self.p * np.maximum(bought, 1e-9))
        return np.asarray(np.where(bought > 0, amounts / np.maximum(precision, 1e-300), 0.0))

    def parameters(self) -> dict[str, float]:
        """The fitted parameters by their names in the paper."""
        return {name: float(value) for name, value in vars(self).items()}


def fit_bg_nbd(past: pd.DataFrame, *, seed: int = 0) -> BgNbd:
    """Maximum likelihood; with few repeat customers the stated priors take part.

    Args:
        past: one row per customer, columns as in this module's first lines.
        seed: of the customers who are looked at when there are very many.
    """
    x, recency, age, weight = _weighted(past, seed)

    def likelihood(values: Floats) -> float:
        r, alpha, a, b = values
        common = (
            gammaln(r + x) - gammaln(r) + r * np.log(alpha)
            + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        )  # fmt: skip
        stayed = -(r + x) * np.log(alpha + age)
        left = np.where(
            x > 0,
            np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + recency),
            -np.inf,
        )
        return float((weight * (common + np.logaddexp(stayed, left))).sum())

    shapes = _PRIOR_SHAPES
    centre = np.array([shapes["r"], shapes["r"] * _weeks_per_order(past), shapes["a"], shapes["b"]])
    spread = np.array([_PRIOR_SPREAD, _SCALE_SPREAD, _PRIOR_SPREAD, _PRIOR_SPREAD])
    values = _maximise(likelihood, centre, spread, use_prior=_is_small(past))
    r, alpha, a, b = map(float, values)
    return BgNbd(r, alpha, a, b, likelihood(values) * len(past) / float(weight.sum()))


def fit_pareto_nbd(past: pd.DataFrame, *, seed: int = 0) -> ParetoNbd:
    """Maximum likelihood; with few repeat customers the stated priors take part.

    Args:
        past: one row per customer, columns as in this module's first lines.
        seed: of the customers who are looked at when there are very many.
    """
    x, recency, age, weight = _weighted(past, seed)

    def likelihood(values: Floats) -> float:
        stayed, left = _pareto_parts(values, x, recency, age)
        return float((weight * np.logaddexp(stayed, left)).sum())

    shapes, stay = _PRIOR_SHAPES, max(float(past["age_weeks"].mean()), 1.0)
    often = shapes["pareto_r"] * _weeks_per_order(past)
    centre = np.array([shapes["pareto_r"], often, shapes["s"], stay])
    spread = np.array([_PRIOR_SPREAD, _SCALE_SPREAD, _PRIOR_SPREAD, _SCALE_SPREAD])
    values = _maximise(likelihood, centre, spread, use_prior=_is_small(past))
    r, alpha, s, beta = map(float, values)
    return ParetoNbd(r, alpha, s, beta, likelihood(values) * len(past) / float(weight.sum()))


def fit_gamma_gamma(orders: Floats, mean_amount: Floats) -> GammaGamma:
    """Maximum likelihood over customers with a positive mean.

    Args:
        orders: purchases per customer, at least 1.
        mean_amount: their mean amount, above 0.
    """
    scale = float(np.median(mean_amount))
    mean = mean_amount / scale

    def likelihood(values: Floats) -> float:
        p, q, gamma = values
        shape = p * orders
        return float(
            (
                gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
                + (shape - 1) * np.log(mean) + shape * np.log(orders)
                - (shape + q) * np.log(gamma + mean * orders)
            ).sum()
        )  # fmt: skip

    # A shape q of 1 or less has no mean.
    values = _maximise(likelihood, np.array([2.0, 3.0, 1.0]), np.ones(3), floor=(1, 1.05))
    p, q, gamma = map(float, values)
    return GammaGamma(p, q, gamma * scale, likelihood(values) - len(mean) * float(np.log(scale)))


def _pareto_parts(values: Floats, x: Floats, recency: Floats, age: Floats) -> tuple[Floats, Floats]:
    """Logarithms of the likelihood of having stayed until now, and of having left before."""
    r, alpha, s, beta = values
    total = r + s + x
    longer, gap = max(alpha, beta), abs(alpha - beta)
    second = np.full_like(x, s + 1) if alpha >= beta else r + x
    from_last = _log_2f1(total, second, gap / (longer + recency)) - total * np.log(longer + recency)
    until_now = _log_2f1(total, second, gap / (longer + age)) - total * np.log(longer + age)
    # Both ends meet for a customer of today: nobody can have left since.
    between = from_last + np.log(-np.expm1(np.minimum(until_now - from_last, -1e-15)))
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    stayed = common - (r + x) * np.log(alpha + age) - s * np.log(beta + age)
    left = common + np.log(s) - np.log(total) + between
    return np.asarray(stayed), np.asarray(left)


def _log_2f1(a: Floats, b: Floats, z: Floats) -> Floats:
    """log 2F1(a, b; a + 1; z) for 0 ≤ z < 1 and b > 0.

    Euler's transformation leaves 2F1(1, a + 1 − b; a + 1; z), whose terms fall and are positive
    for 0 < b < a + 1, so that no purchase count overflows it.
    """
    return np.asarray((1 - b) * np.log1p(-z) + np.log(hyp2f1(1.0, a + 1 - b, a + 1, z)))


def _columns(past: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    names = ("repeat_orders", "recency_weeks", "age_weeks")
    x, recency, age = (past[name].to_numpy(np.float64) for name in names)
    return x, recency, age


def _weighted(past: pd.DataFrame, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Equal pasts once with their number: half of all customers differ in their age only."""
    names = ["repeat_orders", "recency_weeks", "age_weeks"]
    if len(past) > FITTED_CUSTOMERS:
        past = past.sample(FITTED_CUSTOMERS, random_state=seed)
    counted = past.groupby(names, sort=True).size().reset_index(name="customers")
    return *_columns(counted), counted["customers"].to_numpy(np.float64)


def _is_small(past: pd.DataFrame) -> bool:
    return int((past["repeat_orders"] > 0).sum()) < PRIOR_UNTIL_CUSTOMERS


def _weeks_per_order(past: pd.DataFrame) -> float:
    """Weeks of all customers per repeat purchase; one is added, so that none is no problem."""
    weeks = float(past["age_weeks"].sum()) + 1.0
    return weeks / (float(past["repeat_orders"].sum()) + 1.0)


def _maximise(
    likelihood: Callable[[Floats], float],
    centre: Floats,
    spread: Floats,
    *,
    use_prior: bool = False,
    floor: tuple[int, float] | None = None,
) -> Floats:
    """The positive parameters of the highest likelihood, found in their logarithms.

    Args:
        centre: where the search begins, and the middle of the log-normal priors.
        spread: standard deviations of the priors' logarithms.
        use_prior: whether the priors count.
        floor: index and lower bound of one parameter.
    """

    def loss(logarithms: Floats) -> float:
        value = -likelihood(np.exp(logarithms))
        if use_prior:
            value += 0.5 * float((((logarithms - np.log(centre)) / spread) ** 2).sum())
        return value if np.isfinite(value) else 1e12

    bounds = [(-_LARGEST_LOGARITHM, _LARGEST_LOGARITHM)] * len(centre)
    if floor is not None:
        bounds[floor[0]] = (float(np.log(floor[1])), _LARGEST_LOGARITHM)
    options: dict[str, Any] = {"maxiter": 500}
    found = minimize(loss, np.log(centre), method="L-BFGS-B", bounds=bounds, options=options)
    return np.asarray(np.exp(found.x), np.float64)
