"""The lifetime models on the CDNOW sample, whose parameters are published, and at their limits."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml import lifetime
from ml.customer_value import purchase_pasts
from ml.lifetime import BgNbd, GammaGamma, ParetoNbd, fit_bg_nbd, fit_gamma_gamma, fit_pareto_nbd
from tests.record_shop import purchases

CALIBRATION_END = date(1997, 9, 30)
HOLDOUT_WEEKS = 39.0


@pytest.fixture(scope="module")
def bought() -> pd.DataFrame:
    rows = purchases().rename(
        columns={"customer_id": "customer_key", "purchase_date": "order_date"}
    )
    return rows.assign(margin_amount=rows["net_amount"])


@pytest.fixture(scope="module")
def past(bought: pd.DataFrame) -> pd.DataFrame:
    return purchase_pasts(bought, CALIBRATION_END)


def _digits(value: float, digits: int = 3) -> float:
    return float(f"{value:.{digits}g}")


def test_bg_nbd_has_the_published_parameters(past: pd.DataFrame) -> None:
    assert len(past) == 2357
    model = fit_bg_nbd(past)
    assert [_digits(v) for v in (model.r, model.alpha, model.a, model.b)] == [
        0.243, 4.41, 0.793, 2.43,
    ]  # fmt: skip
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_pareto_nbd_has_the_published_parameters(past: pd.DataFrame) -> None:
    model = fit_pareto_nbd(past)
    assert [_digits(v) for v in (model.r, model.alpha, model.s, model.beta)] == [
        0.553, 10.6, 0.606, 11.7,
    ]  # fmt: skip
    assert model.log_likelihood == pytest.approx(-9595.0, abs=0.05)


def test_gamma_gamma_has_the_published_parameters(bought: pd.DataFrame) -> None:
    days = bought[bought["order_date"] <= pd.Timestamp(CALIBRATION_END)]
    days = days.groupby(["customer_key", "order_date"], as_index=False)["net_amount"].sum()
    first = days.groupby("customer_key")["order_date"].transform("min")
    repeats = days[days["order_date"] > first].groupby("customer_key")["net_amount"]
    amounts = repeats.agg(["count", "mean"])
    amounts = amounts[amounts["mean"] > 0]
    assert len(amounts) == 946
    model = fit_gamma_gamma(amounts["count"].to_numpy(float), amounts["mean"].to_numpy())
    assert [_digits(v) for v in (model.p, model.q, model.gamma)] == [6.25, 3.74, 15.4]
    # Mean of all customers and of one with a single repeat purchase of 20 (the paper's equation 5).
    nobody, one = model.expected_amount(np.array([0.0, 1.0]), np.array([np.nan, 20.0]))
    assert nobody == pytest.approx(6.25 * 15.44 / 2.74, rel=0.005)
    assert one == pytest.approx(6.25 * (15.44 + 20) / (6.25 + 2.74), rel=0.005)


def test_customer_1516_is_expected_to_buy_as_often_as_the_paper_says() -> None:
    """x = 2, t_x = 30.43, T = 38.86: 1.226 purchases in 39 weeks (Fader, Hardie & Lee 2005)."""
    one = pd.DataFrame({"repeat_orders": [2], "recency_weeks": [30.43], "age_weeks": [38.86]})
    model = BgNbd(0.2426, 4.4136, 0.7930, 2.4259, 0.0)
    assert model.expected_orders(one, HOLDOUT_WEEKS)[0] == pytest.approx(1.226, abs=0.001)


MODELS = [
    BgNbd(0.243, 4.414, 0.793, 2.426, 0.0),
    ParetoNbd(0.553, 10.578, 0.606, 11.669, 0.0),
    ParetoNbd(0.8, 6.0, 1.0, 20.0, 0.0),
]


@pytest.mark.parametrize("model", MODELS)
def test_what_is_drawn_agrees_with_what_is_expected(model: BgNbd | ParetoNbd) -> None:
    some = pd.DataFrame(
        {
            "repeat_orders": [0, 1, 2, 8],
            "recency_weeks": [0.0, 5.0, 30.4, 35.0],
            "age_weeks": [20.0, 30.0, 38.9, 38.0],
        }
    )
    drawn = model.draw_orders(some, 39.0, 60_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(axis=1), model.expected_orders(some, 39.0), rtol=0.04)
    quiet = (drawn == 0).mean(axis=1)
    np.testing.assert_allclose(quiet, model.quiet_probability(some, 39.0), atol=0.008)


def test_amounts_that_are_drawn_agree_with_what_is_expected() -> None:
    model = GammaGamma(6.25, 3.74, 15.44, 0.0)
    orders, mean = np.array([0.0, 3.0]), np.array([np.nan, 50.0])
    bought = np.full((2, 60_000), 2)
    drawn = model.draw_amounts(bought, orders, mean, np.random.default_rng(1))
    expected = 2 * model.expected_amount(orders, mean)
    np.testing.assert_allclose(drawn.mean(axis=1), expected, rtol=0.03)


@pytest.mark.parametrize("model", MODELS)
def test_customers_of_any_size_have_finite_answers(model: BgNbd | ParetoNbd) -> None:
    odd = pd.DataFrame(
        {
            "repeat_orders": [0, 0, 1, 400, 5_000, 3],
            "recency_weeks": [0.0, 0.0, 0.1, 500.0, 520.0, 1.0],
            "age_weeks": [0.0, 520.0, 520.0, 500.0, 520.0, 520.0],
        }
    )
    alive = model.alive_probability(odd)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert alive[3] > 0.99
    assert alive[5] < 0.01 or model.name == "bg_nbd"
    ahead = model.expected_orders(odd, 52.0)
    assert np.isfinite(ahead).all()
    # Ten a week until today go on at about that rate.
    assert ahead[4] == pytest.approx(5_000 / 520 * 52, rel=0.12)


def test_parameters_of_a_simulated_shop_are_found_again() -> None:
    """20,000 Pareto/NBD customers give their parameters back within a tenth."""
    dice = np.random.default_rng(5)
    count = 20_000
    age = dice.uniform(1, 104, count)
    rate, leaving = dice.gamma(0.8, 1 / 8.0, count), dice.gamma(1.2, 1 / 30.0, count)
    lived = np.minimum(dice.exponential(1 / leaving), age)
    repeats = dice.poisson(rate * lived)
    # The last of n uniform moments.
    recency = np.where(repeats > 0, lived * dice.random(count) ** (1 / np.maximum(repeats, 1)), 0)
    past = pd.DataFrame({"repeat_orders": repeats, "recency_weeks": recency, "age_weeks": age})
    model = fit_pareto_nbd(past)
    found = [model.r, model.alpha, model.s, model.beta]
    np.testing.assert_allclose(found, [0.8, 8.0, 1.2, 30.0], rtol=0.1)


def test_few_customers_stay_near_the_published_shapes(past: pd.DataFrame) -> None:
    """Thirty customers who hardly differ would drive the shapes to infinity."""
    few = pd.DataFrame(
        {"repeat_orders": [4] * 30, "recency_weeks": [36.0] * 30, "age_weeks": [40.0] * 30}
    )
    held = fit_pareto_nbd(few)
    assert held.r < 5
    many = pd.concat([few] * 10, ignore_index=True)
    assert fit_pareto_nbd(many).r > 10 * held.r
    assert (past["repeat_orders"] > 0).sum() > lifetime.PRIOR_UNTIL_CUSTOMERS
