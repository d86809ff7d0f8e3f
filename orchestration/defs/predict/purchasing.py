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
INGREDIENT_PLAN = Task(
    name="plan_ingredients",
    group=GROUP,
    tables={"ingredient_plan": "What the kitchen needs of each ingredient in the next two weeks."},
    queries={
        # Half a year is more than the last same weekdays and their back-test need.
        "sales": """
            select sales.product_key, sales.location_key, locations.location_name,
                sales.sale_date, sales.units
            from marts.fct_product_sales_daily sales
            join marts.dim_locations locations using (location_key)
            where sales.sale_date > %(as_of)s::date - 182 and sales.sale_date <= %(as_of)s
                and sales.product_key in (select product_key from marts.fct_recipe_ingredients)
            order by 1, 2, 4""",
        "recipes": "select product_key, ingredient_key, ingredient_name, unit_of_measure, "
        "used_quantity from marts.fct_recipe_ingredients order by recipe_line_key",
        "stock": "select product_key as ingredient_key, location_key, "
        "closing_quantity as on_hand_quantity from marts.fct_inventory_daily "
        "where stock_date = %(as_of)s and product_key in "
        "(select ingredient_key from marts.fct_recipe_ingredients) order by 1, 2",
        "purchases": "select product_key, location_key, supplier_name, ordered_date, "
        "received_date, quantity from marts.fct_purchases "
        "where ordered_date <= %(as_of)s and ordered_date > %(as_of)s::date - 365 "
        "and quantity > 0 and product_key in "
        "(select ingredient_key from marts.fct_recipe_ingredients) order by purchase_line_key",
    },
    answer=_ingredient_plan,
    libraries=("numpy", "pandas"),
    settings=lambda business: business.closed_dates,
)
STAFFING_PLAN = Task(
    name="plan_staffing",
    group=GROUP,
    tables={"staffing_plan": "Orders and people of each open hour in the next two weeks."},
    queries={
        "orders": "select location_key, location_name, sale_date, sale_hour, orders_count "
        "from marts.rpt_sales_hourly where sale_hour is not null and orders_count > 0 "
        "and sale_date > %(as_of)s::date - 182 and sale_date <= %(as_of)s "
        "order by 1, 3, 4",
        "labour": "select location_key, work_date, work_hour, sum(paid_hours) as paid_hours "
        "from marts.fct_labour_hours where work_date > %(as_of)s::date - 57 "
        "group by 1, 2, 3 order by 1, 2, 3",
        "sales": "select location_name, sale_date, sum(net_amount) as net_amount "
        "from marts.rpt_sales_daily where sale_date > %(as_of)s::date - 182 "
        "and sale_date <= %(as_of)s group by 1, 2 order by 1, 2",
        # The newest forecast; where there is none, days are as large as the last ones.
        "forecasts": "select series_name as location_name, sale_date, forecast_amount "
        "from ml.sales_forecast where series_level = 'location' and row_type = 'forecast' "
        "and horizon_days = 30 and as_of_date = %(as_of)s and sale_date <= %(as_of)s::date + 14 "
        "order by 1, 2",
    },
    answer=_staffing_plan,
    libraries=("scipy", "numpy", "pandas"),
    settings=lambda business: business.closed_dates,
)
TASKS = (REORDER_PLAN, INGREDIENT_PLAN, STAFFING_PLAN)
