"""Forecasts that add up, and no farther from each series by itself than they must be."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from ml.hierarchy import hierarchy, reconciled

SUMS = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=float)


def test_no_other_sums_are_closer_to_the_forecasts_by_their_variances() -> None:
    dice = np.random.default_rng(5)
    base = SUMS @ dice.uniform(50, 100, (3, 7)) + dice.normal(0, 5, (5, 7))
    variances = np.array([81.0, 36, 9, 4, 16])
    found = reconciled(SUMS, base, variances, np.ones((3, 7), bool))

    def distance(sums: np.ndarray) -> float:
        return float((((sums - base) ** 2).T / variances).sum())

    np.testing.assert_allclose(found, SUMS @ found[2:], rtol=1e-12)
    for _ in range(100):
        other = SUMS @ (found[2:] + dice.normal(0, 0.5, (3, 7)))
        assert distance(found) < distance(other)
    # What adds up already stays as it is.
    np.testing.assert_allclose(
        reconciled(SUMS, found, variances, np.ones((3, 7), bool)), found, rtol=1e-9
    )


def test_what_is_held_stays_and_the_others_move_to_it() -> None:
    base = np.array([[100.0], [50.0], [20.0], [20.0], [30.0]])
    held = reconciled(SUMS, base, np.array([1e-6, 1, 1, 1, 1]), np.ones((3, 1), bool))
    assert abs(held[0, 0] - 100) < 1e-3
    np.testing.assert_allclose(held[0], held[2:].sum(axis=0))


def test_a_closed_cell_sells_nothing_and_nothing_is_negative() -> None:
    base = np.array([[10.0], [-50.0], [20.0], [20.0], [30.0]])
    is_open = np.array([[True], [False], [True]])
    found = reconciled(SUMS, base, np.ones(5), is_open)
    assert found[3, 0] == 0
    assert (found >= 0).all()


def test_only_leading_products_have_a_series_and_the_rest_is_kept() -> None:
    sales = pd.DataFrame(
        {
            "sale_date": [date(2026, 1, 1)] * 3,
            "location_name": ["A", "A", "B"],
            "category_name": ["Tea", "Tea", "Tea"],
            "product_name": ["Assam", "Earl Grey", "Assam"],
            "net_amount": [10.0, 1.0, 5.0],
        }
    )
    tree = hierarchy(sales, date(2026, 1, 2), top_products=1)
    assert tree is not None
    keys = {node.key for node in tree.nodes if node.level != "cell"}
    assert keys == {
        "total", "location:A", "location:B", "category:Tea", "product:Assam",
    }  # fmt: skip
    by_key = {node.key: tree.series(node).tolist() for node in tree.nodes}
    assert by_key["total"][0] == 16
    assert by_key["product:Assam"][0] == 15
    assert np.isnan(by_key["total"][1]), "a day without any sale is a closed one"
