"""Who will buy again, who is leaving, what they are worth, and what goes together."""

from __future__ import annotations

from datetime import date

import pandas as pd

from ml.churn import forecast_churn
from ml.customer_value import forecast_customer_values
from orchestration.predictions import Answer, Inputs, Task

GROUP = "customers"
SEED = 20_260_930
ANNUAL_DISCOUNT_RATE = 0.1

# The margin of an order counts where most of it has a known cost, and then for the whole of it.
_ORDERS = """
select customer_key, order_date, sum(net_amount) as net_amount,
    sum(case
        when known_cost_net_amount * 2 >= net_amount
            then contribution_margin_amount * net_amount / known_cost_net_amount
    end) as margin_amount
from marts.fct_order_margins
where customer_key is not null and exclusion_reason is null and net_amount > 0
    and order_date <= %(as_of)s
group by customer_key, order_date
order by customer_key, order_date
"""


def _customers(inputs: Inputs) -> Answer:
    orders = inputs["orders"]
    as_of = inputs.as_of_date or date.min
    values = forecast_customer_values(
        orders, as_of, annual_discount_rate=ANNUAL_DISCOUNT_RATE, seed=SEED
    )
    churn = forecast_churn(orders, as_of, seed=SEED)
    return Answer(
        tables={"customer_lifetimes": values.forecasts, "customer_churn": churn.scores},
        evaluations=pd.concat([values.evaluations, churn.evaluations], ignore_index=True),
        refusals=pd.concat([values.refusals, churn.refusals], ignore_index=True),
        observations=len(orders),
        window=None if orders.empty else (orders["order_date"].min(), orders["order_date"].max()),
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
TASKS = (PREDICT_CUSTOMERS,)
