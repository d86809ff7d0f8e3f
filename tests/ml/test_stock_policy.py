"""Formulas of inventory control agree with an independent library and with the textbook."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from stockpyl.eoq import economic_order_quantity as oracle_eoq
from stockpyl.newsvendor import newsvendor_normal, newsvendor_poisson
from stockpyl.rq import r_q_eoqss_approximation

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


@pytest.mark.parametrize("mean", [0.4, 3.0, 20.0, 150.0])
@pytest.mark.parametrize("margin", [0.5, 3.0, 12.0])
def test_newsvendor_quantities_are_the_oracles(mean: float, margin: float) -> None:
    ours = newsvendor_quantity(np.array([mean]), np.array([mean]), np.array([margin]), np.ones(1))
    oracle, _ = newsvendor_poisson(holding_cost=1.0, stockout_cost=margin, demand_mean=mean)
    assert ours[0] == oracle


def test_a_base_stock_level_is_the_oracles() -> None:
    # Of a review each day, with orders that take four.
    span = np.array([5.0])
    variance = demand_variance(np.array([5_000.0]), np.array([800.0]), span, np.zeros(1))
    ours = demand_quantile(5_000 * span, variance, 0.7 / 0.88)
    oracle, _ = newsvendor_normal(0.18, 0.70, 5_000, 800, lead_time=4)
    assert ours[0] == np.ceil(oracle)


def test_reorder_point_and_order_quantity_are_the_oracles() -> None:
    lead_time = 0.25
    point, quantity = r_q_eoqss_approximation(
        holding_cost=20, stockout_cost=100, fixed_cost=8, demand_mean=1_300, demand_sd=150,
        lead_time=lead_time,
    )  # fmt: skip
    ours = economic_order_quantity(np.array([1_300.0]), 8.0, np.array([20.0]))
    assert ours[0] == pytest.approx(quantity)
    assert ours[0] == pytest.approx(oracle_eoq(8, 20, 1_300)[0])
    variance = demand_variance(
        np.array([1_300.0]), np.array([150.0]), np.array([lead_time]), np.zeros(1)
    )
    margin = safety_stock(np.sqrt(variance), 100 / 120)[0]
    assert 1_300 * lead_time + margin == pytest.approx(point)


def test_lead_times_that_vary_need_more() -> None:
    # 10 a day ± 3, five days ± 2: sqrt(5 · 9 + 100 · 4).
    variance = demand_variance(np.array([10.0]), np.array([3.0]), np.array([5.0]), np.array([2.0]))
    assert variance[0] == pytest.approx(445)
    assert safety_stock(np.sqrt(variance), 0.95)[0] == pytest.approx(1.6449 * 445**0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("mean", "variance"), [(0.3, 0.3), (4.0, 4.0), (4.0, 11.0), (60.0, 240.0), (5_000.0, 90_000.0)]
)
def test_quantiles_and_shortages_are_those_of_drawn_demand(mean: float, variance: float) -> None:
    dice = np.random.default_rng(1)
    if mean > 1_000:
        drawn = dice.normal(mean, variance**0.5, 400_000)
    elif variance > mean:
        drawn = dice.negative_binomial(mean**2 / (variance - mean), mean / variance, 400_000)
    else:
        drawn = dice.poisson(mean, 400_000)
    level = float(demand_quantile(np.array([mean]), np.array([variance]), 0.9)[0])
    assert (drawn <= level).mean() >= 0.897
    assert (drawn <= level - 1).mean() < 0.903
    for stock in (0.0, round(mean), level):
        expected = np.maximum(drawn - stock, 0).mean()
        found = expected_shortage(mean, variance, stock)
        assert found == pytest.approx(expected, rel=0.05, abs=0.01)


def test_orders_are_whole_packs() -> None:
    found = whole_packs(np.array([0.0, -3.0, 1.0, 12.0, 12.1, 24.0]), np.array([12.0]))
    assert found.tolist() == [0, 0, 12, 12, 24, 24]


def test_classes_of_worth_never_part_equals() -> None:
    worth = pd.Series([800.0, 50.0, 50.0, 50.0, 30.0, 20.0, 0.0])
    assert abc_classes(worth).tolist() == ["A", "B", "B", "B", "C", "C", "C"]
    assert abc_classes(pd.Series([0.0, 0.0])).tolist() == ["C", "C"]


@pytest.mark.parametrize(
    ("weekly", "kind", "steadiness"),
    [
        ([5, 6, 5, 4, 6, 5], "smooth", "X"),
        ([1, 20, 2, 1, 3, 1], "erratic", "Z"),
        ([0, 2, 0, 0, 2, 0], "intermittent", "Z"),
        ([0, 30, 0, 0, 1, 0], "lumpy", "Z"),
        ([0, 0, 0, 0], "none", "Z"),
        ([4, 9, 3, 12, 5, 7], "smooth", "Y"),
    ],
)
def test_classes_of_demand(weekly: list[float], kind: str, steadiness: str) -> None:
    values = np.array(weekly, float)
    assert demand_class(values) == kind
    assert xyz_class(values) == steadiness
