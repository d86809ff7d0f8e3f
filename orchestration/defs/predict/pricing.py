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
    verdicts = judge_price_tests(days, inputs["arms"], inputs.as_of_date)
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
    queries={
        # Two years: what demand was like before then says little of today. Invoices bear prices
        # that were agreed for their volume, and foreign prices are no list of this shop.
        "sales": """
            select lines.product_key, products.category_name, lines.location_key, lines.sale_date,
                case when lines.source_currency_code = lines.currency_code
                    then round(lines.gross_amount / lines.quantity, 2) end as unit_price_amount,
                sum(lines.quantity) as units, sum(lines.discount_amount) as discount_amount
            from marts.fct_sale_lines lines join marts.dim_products products using (product_key)
            where lines.is_counted and lines.line_type = 'product'
                and lines.action_type = 'order' and lines.quantity > 0 and lines.gross_amount > 0
                and lines.source_system <> 'quickbooks'
                and lines.sale_date > %(as_of)s::date - 730 and lines.sale_date <= %(as_of)s
            group by 1, 2, 3, 4, 5 order by 1, 3, 4, 5""",
        "products": "select product_key, product_name, category_name, unit_cost_amount "
        "from marts.dim_products order by product_key",
        # What is thrown away in the evening was there all day.
        "stock_outs": "select product_key, location_key, stock_date from marts.fct_inventory_daily "
        "where is_out_of_stock and wasted_quantity = 0 and stock_date <= %(as_of)s "
        "order by 1, 2, 3",
    },
    answer=_price_elasticities,
    libraries=("statsmodels", "scipy", "numpy", "pandas"),
)
PRICE_TESTS = Task(
    name="judge_price_tests",
    group=GROUP,
    tables={"price_test_verdicts": "What each price test says: the old price or the new one."},
    queries={
        "days": "select test_name, variant_name, test_date, visitors_count, orders_count, "
        "net_amount, case when costed_units = units then cost_amount end as cost_amount "
        "from marts.fct_price_test_days where test_date <= %(as_of)s order by 1, 2, 3",
        "arms": "select test_name, variant_name, is_sample_ratio_mismatched "
        "from marts.rpt_price_tests order by 1, 2",
    },
    answer=_price_test_verdicts,
    libraries=("scipy", "numpy", "pandas"),
)
TASKS = (PRICE_ELASTICITIES, PRICE_TESTS)
