"""What to buy and whom to have at work: the plans for the days ahead."""

from __future__ import annotations

from datetime import date

from ml.purchasing import REORDER_COLUMNS, SEED, Policy, plan_reorders
from orchestration.predictions import EVALUATION_COLUMNS, Answer, Inputs, Task
from warehouse.business import Business

GROUP = "purchasing"


def _policy(business: Business) -> Policy:
    wanted = business.purchasing
    return Policy(
        service_level=wanted.service_level,
        review_days=wanted.review_days,
        lead_time_days=wanted.lead_time_days,
        order_cost=wanted.order_cost_amount,
        yearly_holding_rate=wanted.yearly_holding_rate,
        perishable_categories=wanted.perishable_categories,
    )


def _reorder_plan(inputs: Inputs) -> Answer:
    demand = inputs["demand"]
    if inputs.as_of_date is None:
        demand = demand.iloc[:0]
    result = plan_reorders(
        inputs["items"], demand, inputs["stock_outs"], inputs["purchases"],
        inputs.as_of_date or date.min, _policy(inputs.business),
    )  # fmt: skip
    return Answer(
        tables={"reorder_plan": result.plan.reindex(columns=list(REORDER_COLUMNS))},
        evaluations=result.evaluations.reindex(columns=list(EVALUATION_COLUMNS)),
        refusals=result.refusals,
        observations=len(demand),
        window=None if demand.empty else (demand["sale_date"].min(), demand["sale_date"].max()),
        parameters=result.parameters,
    )


REORDER_PLAN = Task(
    name="plan_reorders",
    group=GROUP,
    tables={"reorder_plan": "What to order of each stocked item, how much and by when."},
    queries={
        "items": """
            with year as (
                select product_key, location_key,
                    avg(case when wasted_quantity > 0 then 1.0 else 0.0 end) as wasted_days_rate
                from marts.fct_inventory_daily
                where stock_date > %(as_of)s::date - 365 and stock_date <= %(as_of)s group by 1, 2
            ), prices as (
                select product_key, sum(net_amount) / sum(units) as unit_price_amount
                from marts.fct_product_sales_daily
                where sale_date > %(as_of)s::date - 365 and sale_date <= %(as_of)s
                group by 1 having sum(units) > 0
            )
            select stock.product_key, coalesce(products.product_name, 'Unnamed item')
                as product_name, products.category_name, stock.location_key, stock.location_name,
                stock.closing_quantity as on_hand_quantity,
                coalesce(products.unit_cost_amount, stock.unit_cost_amount) as unit_cost_amount,
                prices.unit_price_amount, year.wasted_days_rate
            from marts.fct_inventory_daily stock
            join marts.dim_products products using (product_key)
            left join year using (product_key, location_key) left join prices using (product_key)
            where stock.stock_date = %(as_of)s order by 1, 4""",
        "demand": "select product_key, location_key, sale_date, sum(quantity) as units "
        "from marts.fct_stock_sales where quantity > 0 and sale_date > %(as_of)s::date - 730 "
        "and sale_date <= %(as_of)s group by 1, 2, 3 order by 1, 2, 3",
        "stock_outs": "select product_key, location_key, stock_date from marts.fct_inventory_daily "
        "where is_out_of_stock and wasted_quantity = 0 and stock_date <= %(as_of)s "
        "order by 1, 2, 3",
        "purchases": "select product_key, location_key, supplier_name, ordered_date, "
        "received_date, quantity from marts.fct_purchases "
        "where ordered_date <= %(as_of)s and quantity > 0 order by purchase_line_key",
    },
    answer=_reorder_plan,
    libraries=("statsforecast", "scipy", "numpy", "pandas"),
    settings=lambda business: business.purchasing.model_dump(),
    seed=SEED,
)
TASKS = (REORDER_PLAN,)
