"""Offers: what goes with a customer's taste, can be had, and is right more often than a rule."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from ml import offers
from ml.offers import RULES, choose_offers
from sandbox.world import World, WorldSettings, generate

TASTES, PER_TASTE = 4, 6


def _purchases(customers: int, seed: int = 1, *, later: bool = True) -> pd.DataFrame:
    """Customers of four tastes: each buys mostly durable products of their own shelf, once."""
    dice = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        own = number % TASTES * PER_TASTE + np.arange(PER_TASTE)
        anything = dice.choice(TASTES * PER_TASTE, 1)
        bought = dice.permutation(np.unique(np.concatenate([dice.choice(own, 4, False), anything])))
        for place, product in enumerate(bought):
            is_later = later and place == 0
            rows.append((f"c{number:04d}", f"p{product:02d}", int(not is_later), int(is_later)))
    return pd.DataFrame(rows, columns=["customer_key", "product_key", "earlier_days", "later_days"])


def _products(**changes: pd.DataFrame) -> pd.DataFrame:
    keys = [f"p{number:02d}" for number in range(TASTES * PER_TASTE)]
    return pd.DataFrame(
        {"product_key": keys, "is_available": True, "unit_margin_amount": 2.0, **changes}
    )


def test_models_name_more_of_what_is_bought_later_than_the_rules() -> None:
    found = choose_offers(_purchases(600), _products())
    recall = found.evaluations.set_index("model")["value"]
    best = recall.drop(list(RULES)).max()
    assert best > 2 * recall["popularity"]
    (chosen,) = found.evaluations.loc[found.evaluations["is_selected"], "model"]
    assert chosen not in RULES
    own = found.offers["customer_key"].str[1:].astype(int) % TASTES
    shelf = found.offers["product_key"].str[1:].astype(int) // PER_TASTE
    first = found.offers["offer_rank"] == 1
    assert (own == shelf)[first].mean() > 0.9
    because = found.offers["because_product_key"].str[1:].astype(int) // PER_TASTE
    assert (because == shelf)[first].mean() > 0.9


def test_what_a_customer_has_is_offered_again_only_when_it_is_used_up() -> None:
    bought = _purchases(600)
    has = set(zip(bought["customer_key"], bought["product_key"], strict=True))

    def offered(purchases: pd.DataFrame) -> pd.DataFrame:
        rows = choose_offers(purchases, _products()).offers
        again = [
            pair in has for pair in zip(rows["customer_key"], rows["product_key"], strict=True)
        ]
        return rows[again]

    assert offered(bought).empty
    # A third of the buyers of p03 come back for it.
    some = (bought["product_key"] == "p03") & (bought.index % 3 == 0)
    consumed = bought.assign(earlier_days=bought["earlier_days"] + 2 * some)
    assert set(offered(consumed)["product_key"]) == {"p03"}


def test_nothing_is_offered_that_is_out_of_stock_or_brings_no_margin() -> None:
    products = _products()
    products.loc[products["product_key"] == "p01", "is_available"] = False
    products.loc[products["product_key"] == "p02", "unit_margin_amount"] = -0.5
    products.loc[products["product_key"] == "p03", "unit_margin_amount"] = np.nan
    rows = choose_offers(_purchases(600), products[products["product_key"] != "p04"]).offers
    offered = set(rows["product_key"])
    assert offered.isdisjoint({"p01", "p02", "p04"})
    assert "p03" in offered
    nothing = choose_offers(_purchases(600), _products().assign(is_available=False))
    assert nothing.offers.empty


def test_where_no_model_helps_the_best_rule_is_published_and_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only = {name: offers.METHODS[name] for name in RULES}
    monkeypatch.setattr(offers, "METHODS", {**only, "linear_items": offers._popularity})
    found = choose_offers(_purchases(600), _products())
    assert set(found.offers["model"]) <= set(RULES)
    # Popular things have no reason of their own.
    assert found.offers["because_product_key"].isna().all()
    assert "No model beat the rule" in found.evaluations["note"].iloc[0]


@pytest.mark.parametrize("customers", [0, 1, 90])
def test_too_few_customers_are_refused_with_what_is_missing(customers: int) -> None:
    found = choose_offers(_purchases(customers), _products())
    assert found.offers.empty
    (reason,) = found.refusals["reason"]
    assert reason.startswith(f"Not enough data: {customers} customers")


def test_one_product_and_no_later_purchases_are_refused() -> None:
    one = _purchases(600).assign(product_key="p00").drop_duplicates("customer_key")
    for purchases in (one, _purchases(600, later=False)):
        assert choose_offers(purchases, _products()).offers.empty


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = generate(WorldSettings(1, 2.0, 60.0), tmp_path_factory.mktemp("world"))
    yield made
    made.close()


def test_in_the_world_recall_is_above_popularity(world: World) -> None:
    day = "cast(placed_local as date)"
    rows = world.rows(
        f"""select cast(person_id as varchar), cast(product_id as varchar),
            count(distinct case when {day} <= date '2026-08-01' then {day} end),
            count(distinct case when {day} > date '2026-08-01' then {day} end)
        from orders join order_lines using (order_id) join variants using (variant_id)
        where person_id > 0 and not is_test group by 1, 2 order by 1, 2"""
    )
    names = ["customer_key", "product_key", "earlier_days", "later_days"]
    purchases = pd.DataFrame(rows, columns=names)
    keys = sorted(set(purchases["product_key"]))
    products = pd.DataFrame({"product_key": keys, "is_available": True, "unit_margin_amount": 1.0})
    found = choose_offers(purchases, products).evaluations.set_index("model")["value"]
    assert found.drop(list(RULES)).max() > 1.1 * found["popularity"]
