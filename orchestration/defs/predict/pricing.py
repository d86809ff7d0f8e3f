"""What prices do: elasticities from past sales, and the verdicts of price tests."""

from __future__ import annotations

import pandas as pd

from orchestration.defs.predict.tasks import Answer, Inputs, Task, window_of

GROUP = "pricing"


def _price_elasticities(inputs: Inputs) -> Answer:
    from ml.elasticity import ELASTICITY_COLUMNS, estimate_elasticities

    sales = inputs["sales"]
    result = estimate_elasticities(
        sales, inputs["products"], inputs["stock_outs"], inputs.as_of_date
    )
    products = result.elasticities["subject_level"] == "product"
    return Answer(
        tables={
            "price_elasticities": result.elasticities.reindex(columns=list(ELASTICITY_COLUMNS))
        },
        evaluations=result.evaluations,
        refusals=result.refusals,
        observations=len(sales),
        window=window_of(sales["sale_date"]),
        parameters={"products_judged": int(products.sum())},
    )


def _price_test_verdicts(inputs: Inputs) -> Answer:
    from ml.price_tests import VERDICT_COLUMNS, judge_price_tests

    days = inputs["days"]
    arms = days[["test_name", "variant_name", "is_sample_ratio_mismatched"]].drop_duplicates()
    verdicts = judge_price_tests(days, arms, inputs.as_of_date)
    silent = verdicts[verdicts["verdict"].isin(["invalid", "running", "too_few_data"])]
    refusals = pd.DataFrame({
        "subject": silent["test_name"] + ": " + silent["variant_name"],
        "observations_count": silent["control_visitors_count"] + silent["variant_visitors_count"],
        "reason": silent["reason"],
    })  # fmt: skip
    return Answer(
        tables={"price_test_verdicts": verdicts.reindex(columns=list(VERDICT_COLUMNS))},
        refusals=refusals,
        observations=int(days["visitors_count"].sum()),
        window=window_of(days["test_date"]),
    )


PRICE_ELASTICITIES = Task(
    name="estimate_price_elasticities",
    group=GROUP,
    tables={"price_elasticities": "How sales of products and categories answer to their price."},
    reads={
        "sales": "ftr_prices_daily",
        "products": "ftr_products",
        "stock_outs": "ftr_stock_outs",
    },
    answer=_price_elasticities,
    libraries=("statsmodels", "scipy", "numpy", "pandas"),
)
PRICE_TESTS = Task(
    name="judge_price_tests",
    group=GROUP,
    tables={"price_test_verdicts": "What each price test says: the old price or the new one."},
    reads={"days": "ftr_price_test_days"},
    answer=_price_test_verdicts,
    libraries=("scipy", "numpy", "pandas"),
)
TASKS = (PRICE_ELASTICITIES, PRICE_TESTS)
