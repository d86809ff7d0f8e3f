"""Who will buy again, who is leaving, what they are worth, and what goes together."""

from __future__ import annotations

import pandas as pd

from ml.evidence import SEED
from orchestration.defs.predict.tasks import Answer, Inputs, Task, window_of

GROUP = "customers"
BASKETS_GROUP = "sales"
ANNUAL_DISCOUNT_RATE = 0.1

# The margin of an order counts where most of it has a known cost, and then for the whole of it.
_ORDERS = """
select customer_key, order_date, sum(net_amount) as net_amount,
    sum(case
        when known_cost_net_amount * 2 >= net_amount
            then contribution_margin_amount * net_amount / known_cost_net_amount
    end) as margin_amount
from marts.fct_order_margins
where customer_key is not null and is_counted and net_amount > 0
    and order_date <= %(as_of)s
group by customer_key, order_date
order by customer_key, order_date
"""


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
    queries={"orders": _ORDERS},
    answer=_customers,
    libraries=("numpy", "pandas", "scipy", "scikit-learn"),
    seed=SEED,
)

# Whole orders of the last year; of very many a fixed sample, which the order's key draws. Products
# are numbered, because a text per line would take ten times the memory.
_BASKET_LINES = """
with orders as (
    select order_key, order_date, row_number() over (order by order_key) as basket
    from (
        select order_key, order_date from marts.fct_orders
        where is_counted and net_amount > 0
            and order_date between %(as_of)s::date - 364 and %(as_of)s::date
        order by md5(order_key)
        limit 200000
    ) as sampled
),
products as (
    select product_key, row_number() over (order by product_key) as product_number
    from marts.dim_products
)
select distinct orders.basket, orders.order_date as basket_date, products.product_number
from orders
inner join marts.fct_sale_lines as lines on orders.order_key = lines.order_key
inner join products on lines.product_key = products.product_key
where lines.is_counted and lines.action_type = 'order'
    and lines.line_type = 'product' and lines.quantity > 0
order by orders.basket, products.product_number
"""
_BASKET_PRODUCTS = """
select row_number() over (order by product_key) as product_number, product_key, category_name
from marts.dim_products order by product_key
"""


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
    queries={"lines": _BASKET_LINES, "products": _BASKET_PRODUCTS},
    answer=_baskets,
    libraries=("mlxtend", "numpy", "pandas", "scipy"),
)

# The last two months judge the offers.
_PURCHASES = """
select orders.customer_key, lines.product_key,
    count(distinct case when orders.order_date <= %(as_of)s::date - 60 then orders.order_date end)
        as earlier_days,
    count(distinct case when orders.order_date > %(as_of)s::date - 60 then orders.order_date end)
        as later_days
from marts.fct_orders as orders
inner join marts.fct_sale_lines as lines on orders.order_key = lines.order_key
where orders.customer_key is not null and orders.is_counted
    and orders.net_amount > 0
    and orders.order_date between %(as_of)s::date - 729 and %(as_of)s::date
    and lines.product_key is not null and lines.is_counted
    and lines.action_type = 'order' and lines.line_type = 'product' and lines.quantity > 0
group by orders.customer_key, lines.product_key
order by orders.customer_key, lines.product_key
"""
# A product whose stock nobody counts is taken to be there while it still sells.
_PRODUCTS = """
with stock as (
    select product_key, sum(on_hand_quantity) as on_hand_quantity
    from marts.rpt_inventory_health group by product_key
),
margins as (
    select product_key,
        sum(net_amount - cost_amount) / nullif(sum(quantity), 0) as unit_margin_amount
    from marts.fct_sale_lines
    where is_counted and is_cost_known and line_type = 'product'
        and sale_date between %(as_of)s::date - 364 and %(as_of)s::date
    group by product_key
)
select products.product_key, margins.unit_margin_amount,
    products.last_sale_date > %(as_of)s::date - 90
        and coalesce(stock.on_hand_quantity, 1) > 0 as is_available
from marts.dim_products as products
left join stock on products.product_key = stock.product_key
left join margins on products.product_key = margins.product_key
order by products.product_key
"""


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
    queries={"purchases": _PURCHASES, "products": _PRODUCTS},
    answer=_offers,
    libraries=("numpy", "pandas", "scipy"),
)
TASKS = (PREDICT_CUSTOMERS, FIND_BASKET_RULES, CHOOSE_OFFERS)
