"""What to buy and whom to have at work: the plans for the days ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml.evidence import SEED
from orchestration.defs.predict.tasks import Answer, Inputs, Task, window_of
from warehouse.business import Business

if TYPE_CHECKING:
    from ml.purchasing import Policy

GROUP = "purchasing"


def _policy(business: Business) -> Policy:
    from ml.purchasing import Policy

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
    from ml.purchasing import REORDER_COLUMNS, plan_reorders

    demand = inputs["demand"]
    result = plan_reorders(
        inputs["items"], demand, inputs["stock_outs"], inputs["purchases"],
        inputs.as_of_date, _policy(inputs.business),
    )  # fmt: skip
    return Answer(
        tables={"reorder_plan": result.plan.reindex(columns=list(REORDER_COLUMNS))},
        evaluations=result.evaluations,
        refusals=result.refusals,
        observations=len(demand),
        window=window_of(demand["sale_date"]),
        parameters=result.parameters,
    )


def _ingredient_plan(inputs: Inputs) -> Answer:
    from ml.ingredients import plan_ingredients

    sales = inputs["sales"]
    result = plan_ingredients(
        sales, inputs["recipes"], inputs["stock"], inputs["purchases"],
        inputs.as_of_date, inputs.business.closed_dates,
    )  # fmt: skip
    return Answer(
        tables={"ingredient_plan": result.plan},
        evaluations=result.evaluations,
        refusals=result.refusals,
        observations=len(sales),
        window=window_of(sales["sale_date"]),
    )


def _staffing_plan(inputs: Inputs) -> Answer:
    from ml.staffing import plan_staffing

    orders = inputs["orders"]
    result = plan_staffing(
        orders, inputs["labour"], inputs["sales"], inputs["forecasts"],
        inputs.as_of_date, inputs.business.closed_dates,
    )  # fmt: skip
    return Answer(
        tables={"staffing_plan": result.plan},
        evaluations=result.evaluations,
        refusals=result.refusals,
        observations=len(orders),
        window=window_of(orders["sale_date"]),
    )


REORDER_PLAN = Task(
    name="plan_reorders",
    group=GROUP,
    tables={"reorder_plan": "What to order of each stocked item, how much and by when."},
    reads={
        "items": "ftr_stock_items",
        "demand": "ftr_stock_demand",
        "stock_outs": "ftr_stock_outs",
        "purchases": "ftr_purchases",
    },
    answer=_reorder_plan,
    libraries=("statsforecast", "scipy", "numpy", "pandas"),
    settings=lambda business: business.purchasing.model_dump(),
    seed=SEED,
)
INGREDIENT_PLAN = Task(
    name="plan_ingredients",
    group=GROUP,
    tables={"ingredient_plan": "What the kitchen needs of each ingredient in the next two weeks."},
    reads={
        "sales": "ftr_dish_sales",
        "recipes": "ftr_recipes",
        "stock": "ftr_ingredient_stock",
        "purchases": "ftr_ingredient_purchases",
    },
    answer=_ingredient_plan,
    libraries=("numpy", "pandas"),
    settings=lambda business: business.closed_dates,
)
STAFFING_PLAN = Task(
    name="plan_staffing",
    group=GROUP,
    tables={"staffing_plan": "Orders and people of each open hour in the next two weeks."},
    reads={
        "orders": "ftr_orders_hourly",
        "labour": "ftr_labour_hourly",
        "sales": "ftr_recent_sales_daily",
        "forecasts": "ftr_location_forecasts",
    },
    answer=_staffing_plan,
    libraries=("scipy", "numpy", "pandas"),
    settings=lambda business: business.closed_dates,
)
TASKS = (REORDER_PLAN, INGREDIENT_PLAN, STAFFING_PLAN)
