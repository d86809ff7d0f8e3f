"""How fast customers are predicted: value, churn, offers and rules of a large shop.

The peer of the value is what an owner would do instead, the same-rate rule in plain pandas. The
customers are drawn by Pareto/NBD, a million orders of a hundred thousand.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measuring import peak_megabytes
from ml.baskets import find_rules
from ml.churn import forecast_churn
from ml.customer_value import forecast_customer_values
from ml.offers import choose_offers
from warehouse.home import PROJECT_ROOT

CUSTOMERS, QUICK_CUSTOMERS = 100_000, 5_000
PREDICTION_LIMIT_SECONDS = 60.0
MEMORY_LIMIT_MB = 4_096.0
AS_OF, DAYS, PRODUCTS = date(2026, 9, 30), 1_095, 200


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    customers = QUICK_CUSTOMERS if quick else CUSTOMERS
    command = [sys.executable, "-m", "benchmarks.bench_customers", str(customers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=PROJECT_ROOT)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    at = f"{customers:,} customers, {found['orders']:,.0f} orders"
    both = found["value"] + found["churn"]
    return {
        f"value and churn, {at}": _figure(both, "s", PREDICTION_LIMIT_SECONDS),
        "value alone": _figure(found["value"], "s"),
        "churn alone": _figure(found["churn"], "s"),
        "value ÷ same-rate rule in pandas": _figure(found["value"] / found["rule"], "×"),
        "offers": _figure(found["offers"], "s"),
        f"basket rules, {found['baskets']:,.0f} baskets": _figure(found["rules"], "s"),
        "memory while predicting": _figure(found["peak_mb"], "MB", MEMORY_LIMIT_MB),
    }


def _figure(value: float, unit: str, limit: float | None = None) -> dict[str, Any]:
    passes = None if limit is None else value <= limit
    return {"value": value, "unit": unit, "limit": limit, "passes": passes}


def _orders(customers: int) -> pd.DataFrame:
    """Ten orders of a customer in the mean, skewed as a shop's are."""
    dice = np.random.default_rng(1)
    arrived = dice.uniform(0, DAYS, customers)
    rate = dice.gamma(0.6, 1 / 9.0, customers)
    stays = dice.exponential(1 / dice.gamma(1.2, 1 / 250.0, customers).clip(1 / 3_000))
    until = np.minimum(arrived + stays, DAYS)
    counts = dice.poisson(rate * (until - arrived)) + 1
    who = np.repeat(np.arange(customers), counts)
    day = arrived[who] + dice.random(len(who)) * (until - arrived)[who]
    amount = dice.gamma(3, 8, len(who))
    first = pd.Timestamp(AS_OF) - pd.Timedelta(days=DAYS - 1)
    return pd.DataFrame(
        {
            "customer_key": np.array([f"{number:032x}" for number in range(customers)])[who],
            "order_date": (first + pd.to_timedelta(day.astype(int), unit="D")).date,
            "net_amount": amount,
            "margin_amount": amount * dice.uniform(0.2, 0.6, len(who)),
        }
    )


def _same_rate(orders: pd.DataFrame) -> pd.Series[float]:
    dates = pd.to_datetime(orders["order_date"])
    seen = dates.groupby(orders["customer_key"]).agg(["min", "size"])
    age = (pd.Timestamp(AS_OF) - seen["min"]).dt.days.clip(lower=1)
    return (seen["size"] - 1) / age * 365


def _lines(orders: pd.DataFrame) -> pd.DataFrame:
    """Two products an order, the popular ones more often."""
    dice = np.random.default_rng(2)
    share = 1 / np.arange(1, PRODUCTS + 1)
    some = orders.head(200_000)
    basket = np.repeat(np.arange(len(some)), dice.integers(1, 4, len(some)))
    product = dice.choice(PRODUCTS, len(basket), p=share / share.sum())
    return pd.DataFrame(
        {
            "basket": basket,
            "basket_date": some["order_date"].to_numpy()[basket],
            "item": np.array([f"p{number:03d}" for number in range(PRODUCTS)])[product],
            "customer_key": some["customer_key"].to_numpy()[basket],
        }
    )


def _purchases(lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    is_later = pd.to_datetime(lines["basket_date"]) > pd.Timestamp(AS_OF) - pd.Timedelta(days=60)
    counted = (
        lines.assign(later_days=is_later.astype(int), earlier_days=(~is_later).astype(int))
        .groupby(["customer_key", "item"], as_index=False)[["earlier_days", "later_days"]]
        .sum()
        .rename(columns={"item": "product_key"})
    )
    keys = sorted(set(lines["item"]))
    products = pd.DataFrame({"product_key": keys, "is_available": True, "unit_margin_amount": 1.0})
    return counted, products


def _child(customers: int) -> None:
    orders = _orders(customers)
    lines = _lines(orders)
    purchases, products = _purchases(lines)
    found = {"orders": len(orders), "baskets": lines["basket"].nunique()}
    for name, ask in (
        ("rule", lambda: _same_rate(orders)),
        ("value", lambda: forecast_customer_values(orders, AS_OF, seed=1)),
        ("churn", lambda: forecast_churn(orders, AS_OF, seed=1)),
        ("offers", lambda: choose_offers(purchases, products)),
        ("rules", lambda: find_rules(lines, subject="product")),
    ):
        began = time.monotonic()
        ask()
        found[name] = time.monotonic() - began
    print(json.dumps({**found, "peak_mb": peak_megabytes()}))


if __name__ == "__main__":
    _child(int(sys.argv[1]))
