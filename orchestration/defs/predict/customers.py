"""Who will buy again, who is leaving, what they are worth, and what goes together."""

from __future__ import annotations

import pandas as pd

from ml.evidence import SEED
from orchestration.defs.predict.tasks import Answer, Inputs, Task, window_of

GROUP = "customers"
BASKETS_GROUP = "sales"
ANNUAL_DISCOUNT_RATE = 0.1


def _customers(inputs: Inputs) -> Answer:
    from ml.churn import forecast_churn
    from ml.customer_value import forecast_customer_values

    orders = inputs["orders"]
    as_of = inputs.as_of_date
    values = forecast_customer_values(
        orders, as_of, annual_discount_rate=ANNUAL_DISCOUNT_RATE, seed=SEED
    )
    churn = forecast_churn(orders, as_of, seed=SEED)
    return Answer(
        tables={"customer_lifetimes": values.forecasts, "customer_churn": churn.scores},
        evaluations=pd.concat([values.evaluations, churn.evaluations], ignore_index=True),
        refusals=pd.concat([values.refusals, churn.refusals], ignore_index=True),
        observations=len(orders),
        window=window_of(orders["order_date"]),
        parameters={"lifetime": dict(values.parameters), "churn": dict(churn.parameters)},
    )


PREDICT_CUSTOMERS = Task(
    name="predict_customers",
    group=GROUP,
    tables={
        "customer_lifetimes": "What each customer is expected to buy and bring in twelve months.",
        "customer_churn": "The probability that a customer buys nothing in the next days, and why.",
    },
    reads={"orders": "ftr_customer_orders"},
    answer=_customers,
    libraries=("numpy", "pandas", "scipy", "scikit-learn"),
    seed=SEED,
)


def _baskets(inputs: Inputs) -> Answer:
    from ml.baskets import RULE_COLUMNS, find_rules

    lines = inputs["lines"]
    products = inputs["products"].set_index("product_number")
    named = lines[["basket", "basket_date"]]
    found = {
        level: find_rules(
            named.assign(item=lines["product_number"].map(products[column])),
            subject=f"basket rules by {level}",
        )
        for level, column in (("product", "product_key"), ("category", "category_name"))
    }
    rules = [result.rules.assign(rule_level=level) for level, result in found.items()]
    return Answer(
        tables={"basket_rules": pd.concat(rules, ignore_index=True)[["rule_level", *RULE_COLUMNS]]},
        evaluations=pd.concat([result.evaluations for result in found.values()]),
        refusals=pd.concat([result.refusals for result in found.values()]),
        observations=int(lines["basket"].nunique()),
        window=window_of(lines["basket_date"]),
    )


FIND_BASKET_RULES = Task(
    name="find_basket_rules",
    group=BASKETS_GROUP,
    tables={"basket_rules": "What is bought together beyond chance, and whether it still holds."},
    reads={"lines": "ftr_basket_lines", "products": "ftr_products"},
    answer=_baskets,
    libraries=("mlxtend", "numpy", "pandas", "scipy"),
)


def _offers(inputs: Inputs) -> Answer:
    from ml.offers import choose_offers

    result = choose_offers(inputs["purchases"], inputs["products"])
    return Answer(
        tables={"customer_offers": result.offers},
        evaluations=result.evaluations,
        refusals=result.refusals,
        observations=len(inputs["purchases"]),
    )


CHOOSE_OFFERS = Task(
    name="choose_offers",
    group=GROUP,
    tables={"customer_offers": "What each customer is likeliest to buy next, and can be sold."},
    reads={"purchases": "ftr_customer_products", "products": "ftr_offered_products"},
    answer=_offers,
    libraries=("numpy", "pandas", "scipy"),
)
TASKS = (PREDICT_CUSTOMERS, FIND_BASKET_RULES, CHOOSE_OFFERS)
