"""The RFM reference on customers whose scores are known by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd

from ml.rfm import score_customers


def _purchases(rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "order_id", "purchase_date", "net_amount"])


def test_ties_share_a_score_and_ranks_run_from_one_to_five() -> None:
    rows = [(f"c{n}", f"o{n}", "2026-01-01", 10.0) for n in range(6)]
    rows += [(f"d{n}", f"p{n}{k}", "2026-01-10", 10.0) for n in range(4) for k in range(2)]
    scores = score_customers(_purchases(rows), date(2026, 1, 11)).set_index("customer_id")
    once, twice = scores.loc[["c0", "c5"]], scores.loc[["d0", "d3"]]
    assert once["f_score"].tolist() == [1, 1]
    # Six of nine others bought less often: rank 6/9, the fourth fifth.
    assert twice["f_score"].tolist() == [4, 4]
    assert twice["r_score"].tolist() == [4, 4]
    assert once["recency_days"].tolist() == [10, 10]


def test_a_customer_whose_purchases_were_all_reversed_leads_nothing() -> None:
    rows = [
        ("back", "o1", "2026-01-09", 500.0),
        ("back", "o2", "2026-01-09", -500.0),
        ("kept", "o3", "2026-01-01", 20.0),
    ]
    scores = score_customers(_purchases(rows), date(2026, 1, 11)).set_index("customer_id")
    assert scores.loc["back", "monetary_amount"] == 0
    assert scores.loc["back", ["f_score", "m_score"]].tolist() == [1, 1]
