"""The tasks about customers and baskets answer or refuse whatever little there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.evidence import EVALUATION_COLUMNS
from orchestration.defs.predict.customers import CHOOSE_OFFERS, FIND_BASKET_RULES, PREDICT_CUSTOMERS
from orchestration.defs.predict.tasks import Answer, Inputs
from warehouse.business import Business, load_business

AS_OF = date(2026, 9, 30)


@pytest.fixture
def business(tmp_path: Path) -> Business:
    (tmp_path / "business.toml").write_text(
        'id = "shop"\nname = "Shop"\ntime_zone = "UTC"\ncurrency_code = "EUR"\n'
        'country_code = "IE"\n'
    )
    return load_business(tmp_path)


def _orders(days: int, customers: int, seed: int = 1) -> pd.DataFrame:
    """Each customer buys at a rate of their own, on one day in twenty in the mean."""
    dice = np.random.default_rng(seed)
    rate = dice.gamma(0.7, 0.07, customers)
    bought = np.argwhere(dice.random((customers, days)) < rate[:, None])
    return pd.DataFrame(
        {
            "customer_key": [f"c{number}" for number in bought[:, 0]],
            "order_date": [(pd.Timestamp(AS_OF) - pd.Timedelta(days=int(day))).date()
                           for day in bought[:, 1]],
            "net_amount": 10.0,
            "margin_amount": dice.gamma(9, 0.5, len(bought)),
        }
    )  # fmt: skip


@pytest.mark.parametrize("days", [0, 1, 7, 30, 60, 400])
@pytest.mark.parametrize("customers", [1, 150])
def test_customers_of_any_age_are_answered_or_refused(
    business: Business, days: int, customers: int
) -> None:
    orders = _orders(days, customers)
    answer = PREDICT_CUSTOMERS.answer(Inputs({"orders": orders}, AS_OF, business))
    is_old_enough = days == 400 and customers == 150
    buyers = orders["customer_key"].nunique()
    assert len(answer.tables["customer_lifetimes"]) == (buyers if is_old_enough else 0)
    refused = set(answer.refusals["subject"])
    # 150 active customers are too few to judge churn on, and one is for anything.
    assert refused == ({"churn"} if is_old_enough else {"customer lifetime", "churn"})
    assert answer.refusals["reason"].str.startswith("Not enough data: ").all()
    assert answer.is_refused is not is_old_enough


def _basket_lines(baskets: int) -> dict[str, pd.DataFrame]:
    dice = np.random.default_rng(3)
    rows = []
    for basket in range(baskets):
        first = int(dice.integers(1, 6))
        day = (pd.Timestamp("2026-01-01") + pd.Timedelta(days=basket % 200)).date()
        rows += [(basket, day, first)]
        rows += [(basket, day, first + 5)] if dice.random() < 0.6 else []
    products = [
        (number, f"key{number}", "Bread" if number < 6 else "Jam") for number in range(1, 11)
    ]
    return {
        "lines": pd.DataFrame(rows, columns=["basket", "basket_date", "product_number"]),
        "products": pd.DataFrame(
            products, columns=["product_number", "product_key", "category_name"]
        ),
    }


def test_rules_name_products_and_categories(business: Business) -> None:
    answer = FIND_BASKET_RULES.answer(Inputs(_basket_lines(2_000), AS_OF, business))
    rules = answer.tables["basket_rules"]
    found = rules[rules["rule_level"] == "product"]
    assert ("key1", "key6") in set(zip(found["antecedents"], found["consequent"], strict=True))
    # Bread is in every basket: it tells nothing of jam.
    assert (rules["rule_level"] == "category").sum() == 0
    assert "basket rules by category" in set(answer.refusals["subject"])
    assert answer.observations == 2_000
    keys = answer.evaluations[["subject", "model", "metric"]]
    assert not keys.duplicated().any()
    assert list(answer.evaluations.columns) == list(EVALUATION_COLUMNS)


@pytest.mark.parametrize(
    "ask",
    [
        lambda inputs: FIND_BASKET_RULES.answer(inputs({**_basket_lines(0)})),
        lambda inputs: FIND_BASKET_RULES.answer(inputs({**_basket_lines(1)})),
        lambda inputs: CHOOSE_OFFERS.answer(
            inputs(
                {
                    "purchases": pd.DataFrame(
                        columns=["customer_key", "product_key", "earlier_days", "later_days"]
                    ),
                    "products": pd.DataFrame(
                        columns=["product_key", "unit_margin_amount", "is_available"]
                    ),
                }
            )
        ),
    ],
)
def test_nothing_sold_is_a_refusal(business: Business, ask: Callable[..., Answer]) -> None:
    answer = ask(lambda frames: Inputs(frames, AS_OF, business))
    assert answer.is_refused
    assert answer.refusals["reason"].str.startswith("Not enough data: ").all()
    assert not answer.refusals["subject"].duplicated().any()
