"""Rules of baskets: figures by hand, the Bread Basket's published ones, and no rules of chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy.stats import fisher_exact

from ml.baskets import association, find_rules
from warehouse.home import PROJECT_ROOT

# Data whose licence does not let the project ship them lie beside it, where they are at hand.
EXAMPLES = PROJECT_ROOT.parent / "shared" / "data" / "examples"
BAKERY = EXAMPLES / "bread-basket" / "BreadBasket_DMS.csv"


def _lines(baskets: list[tuple[str, ...]], days: int = 100) -> pd.DataFrame:
    """Baskets spread evenly over so many days."""
    first = pd.Timestamp("2026-01-01")
    rows = [
        (number, first + pd.Timedelta(days=number % days), item)
        for number, items in enumerate(baskets)
        for item in items
    ]
    return pd.DataFrame(rows, columns=["basket", "basket_date", "item"])


def _random_baskets(count: int, items: int, seed: int) -> list[tuple[str, ...]]:
    dice = np.random.default_rng(seed)
    share = dice.uniform(0.03, 0.3, items)
    drawn = dice.random((count, items)) < share
    drawn[~drawn.any(axis=1), 0] = True
    return [tuple(f"p{place:02d}" for place in np.flatnonzero(row)) for row in drawn]


def _planted(seed: int = 1) -> list[tuple[str, ...]]:
    """Half of those who buy p03 get p07 with it, beyond chance."""
    dice = np.random.default_rng(seed)
    return [
        tuple(sorted({*basket, "p07"})) if "p03" in basket and dice.random() < 0.5 else basket
        for basket in _random_baskets(4_000, 12, seed)
    ]


def test_figures_are_those_of_the_textbook() -> None:
    baskets = [("a", "b")] * 150 + [("a",)] * 150 + [("b",)] * 100 + [("c", "d")] * 100
    baskets += [("c",)] * 100 + [("d",)] * 100
    rules = find_rules(_lines(baskets), subject="product").rules
    rule = rules.set_index(["antecedents", "consequent"]).loc[("a", "b")]
    assert rule["both_count"] == 150
    assert rule["support_rate"] == pytest.approx(150 / 700)
    assert rule["confidence_rate"] == pytest.approx(0.5)
    assert rule["lift"] == pytest.approx(0.5 / (250 / 700))
    assert rule["leverage"] == pytest.approx(150 / 700 - 300 * 250 / 700**2)
    exact = fisher_exact([[150, 150], [100, 300]], alternative="greater").pvalue
    assert rule["p_value"] == pytest.approx(exact, rel=1e-6)


def test_a_planted_rule_is_found_and_chance_makes_none() -> None:
    found = find_rules(_lines(_planted()), subject="product").rules
    pairs = found[found["antecedents_count"] == 1]
    assert set(zip(pairs["antecedents"], pairs["consequent"], strict=True)) == {
        ("p03", "p07"), ("p07", "p03"),
    }  # fmt: skip
    assert pairs["is_stable"].all()
    assert (found["q_value"] <= 0.05).all()
    counts = [
        len(find_rules(_lines(_random_baskets(3_000, 12, seed)), subject="product").rules)
        for seed in range(5)
    ]
    assert sum(count > 0 for count in counts) <= 1


def test_what_holds_only_for_a_season_is_not_called_stable() -> None:
    """p03 and p07 go together in the first half of the year alone."""
    planted, chance = _planted(), _random_baskets(4_000, 12, 9)
    lines = pd.concat(
        [
            _lines(planted),
            _lines(chance).assign(
                basket=lambda rows: rows["basket"] + 10_000,
                basket_date=lambda rows: rows["basket_date"] + pd.Timedelta(days=100),
            ),
        ]
    )
    rules = find_rules(lines, subject="product").rules.set_index(["antecedents", "consequent"])
    rule = rules.loc[("p03", "p07")]
    assert rule["lift"] > 1.2
    assert rule["later_lift"] == pytest.approx(1.0, abs=0.15)
    assert not rule["is_stable"]


def test_rules_held_later_more_often_than_those_of_the_highest_lift() -> None:
    """p03 and p07 are common and go together a little; rare items meet often by chance."""
    dice = np.random.default_rng(2)
    share = dice.uniform(0.02, 0.08, 25)
    share[[3, 7]] = 0.4, 0.3
    drawn = dice.random((4_000, 25)) < share
    drawn[:, 7] |= drawn[:, 3] & (dice.random(4_000) < 0.3)
    drawn[~drawn.any(axis=1), 0] = True
    baskets = [tuple(f"p{place:02d}" for place in np.flatnonzero(row)) for row in drawn]
    found = find_rules(_lines(baskets), subject="product").evaluations
    held = found.set_index("model")["value"]
    assert held["fp_growth_significant"] > held["highest_lift"] + 0.2
    assert held["fp_growth_significant"] > held["all_frequent"] + 0.2
    assert found.set_index("model")["is_baseline"].to_dict() == {
        "fp_growth_significant": False, "highest_lift": True, "all_frequent": True,
    }  # fmt: skip


def test_leaving_out_single_baskets_from_the_tree_changes_no_rule() -> None:
    baskets = _random_baskets(2_000, 10, 3)
    ours = association(_lines(baskets), support=0.005, confidence=0.1)
    table = pd.DataFrame(
        [{f"p{n:02d}": f"p{n:02d}" in items for n in range(10)} for items in baskets]
    )
    sets = fpgrowth(table, min_support=0.005, use_colnames=True)
    theirs = association_rules(sets, num_itemsets=2_000, metric="confidence", min_threshold=0.1)
    theirs = theirs[theirs["consequents"].str.len() == 1]
    assert len(ours) == len(theirs) > 15
    assert ours["lift"].sum() == pytest.approx(theirs["lift"].sum())


@pytest.mark.skipif(
    not BAKERY.exists(), reason="the Bread Basket's licence is unverified, so it is not shipped"
)
def test_the_bakerys_toast_goes_with_coffee_as_published() -> None:
    rows = pd.read_csv(BAKERY)
    rows = rows[rows["Item"] != "NONE"]
    names = {"Transaction": "basket", "Date": "basket_date", "Item": "item"}
    lines = rows.rename(columns=names)
    assert lines["basket"].nunique() == 9_465
    rules = association(lines, support=0.01, confidence=0.5)
    rule = rules.set_index(["antecedents", "consequent"]).loc[("Toast", "Coffee")]
    assert rule["support_rate"] == pytest.approx(0.023666, abs=1e-6)
    assert rule["confidence_rate"] == pytest.approx(0.704403, abs=1e-6)
    assert rule["lift"] == pytest.approx(1.472431, abs=1e-6)
    assert ("Toast", "Coffee") in find_rules(lines, subject="product").rules.set_index(
        ["antecedents", "consequent"]
    ).index


@pytest.mark.parametrize("baskets", [[], [("a",)], [("a", "b")] * 50, [("a",)] * 2_000])
def test_too_little_is_refused_with_what_is_missing(baskets: list[tuple[str, ...]]) -> None:
    found = find_rules(_lines(baskets), subject="product")
    assert found.rules.empty
    (reason,) = found.refusals["reason"]
    assert "rules need 500 and 200" in reason
