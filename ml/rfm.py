"""RFM scores in plain Python: the reference that the SQL model is tested against."""

from __future__ import annotations

from datetime import date

import pandas as pd


def score_customers(purchases: pd.DataFrame, snapshot_date: date) -> pd.DataFrame:
    """Quantile scores of every customer.

    Args:
        purchases: columns ``customer_id``, ``order_id``, ``purchase_date``, ``net_amount``.
        snapshot_date: the day from which recency is counted.

    Returns:
        ``customer_id, recency_days, frequency, monetary_amount, r_score, f_score, m_score``;
        scores 1 to 5 from percent ranks, so equal customers have equal scores.
    """
    customers = (
        purchases.assign(purchase_date=pd.to_datetime(purchases["purchase_date"]))
        .groupby("customer_id")
        .agg(
            last_purchase=("purchase_date", "max"),
            frequency=("order_id", "nunique"),
            monetary_amount=("net_amount", "sum"),
        )
        .reset_index()
    )
    customers["recency_days"] = (pd.Timestamp(snapshot_date) - customers["last_purchase"]).dt.days
    customers["monetary_amount"] = customers["monetary_amount"].clip(lower=0)
    customers["r_score"] = _quintiles(-customers["recency_days"])
    customers["f_score"] = _quintiles(customers["frequency"])
    customers["m_score"] = _quintiles(customers["monetary_amount"])
    reversed_all = customers["monetary_amount"] <= 0
    customers.loc[reversed_all, ["f_score", "m_score"]] = 1
    return customers[
        [
            "customer_id",
            "recency_days",
            "frequency",
            "monetary_amount",
            "r_score",
            "f_score",
            "m_score",
        ]
    ]


def _quintiles(values: pd.Series[float]) -> pd.Series[int]:
    """1 + ⌊5 × percent rank⌋, at most 5; percent rank = (rank − 1) ÷ (n − 1), ties share it."""
    if len(values) == 1:
        return pd.Series([1], index=values.index)
    # Integer arithmetic keeps 3/5 of the way from landing just under a boundary.
    rank = values.rank(method="min").astype(int) - 1
    return (rank * 5 // (len(values) - 1) + 1).clip(upper=5)
