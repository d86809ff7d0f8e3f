"""RFM on the CDNOW sample of Fader, Hardie & Lee, which the package ``lifetimes`` carries."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ml.rfm import score_customers
from tests.dbt.building import build, load
from tests.record_shop import LAST_DAY, purchases, write_inbox
from warehouse.database import Warehouse


@pytest.fixture
def record_shop(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    warehouse = warehouse_factory(name="Record Shop")
    write_inbox(warehouse.business.inbox)
    load(warehouse)
    done = build(warehouse, as_of_date=LAST_DAY)
    assert done.returncode == 0, done.stdout[-4000:]
    return warehouse


def test_scores_equal_the_reference_and_ties_are_never_split(
    record_shop: Warehouse,
) -> None:
    bought = purchases()
    assert len(bought) == 6919
    assert bought["customer_id"].nunique() == 2357
    with record_shop.connect("analyst") as connection:
        cursor = connection.execute("""
            select customers.source_customer_ids, rfm.recency_days, rfm.frequency,
                rfm.monetary_amount::float, rfm.r_score, rfm.f_score, rfm.m_score
            from fct_customer_rfm as rfm
            inner join dim_customers as customers on rfm.customer_key = customers.customer_key""")
        ours = pd.DataFrame(
            cursor.fetchall(),
            columns=[
                "customer_id",
                "recency_days",
                "frequency",
                "monetary_amount",
                "r_score",
                "f_score",
                "m_score",
            ],
        )
        segments = connection.execute(
            "select sum(customers_count), count(*) from rpt_rfm_segments"
        ).fetchone()
        first_cohort = connection.execute("""
            select sum(cohort_customers_count) from rpt_customer_cohorts
            where months_since_first = 0""").fetchone()
    ours["customer_id"] = ours["customer_id"].astype(int)
    ours = ours.set_index("customer_id").sort_index()
    reference = score_customers(bought, LAST_DAY).set_index("customer_id").sort_index()
    pd.testing.assert_frame_equal(ours, reference, check_dtype=False, atol=1e-6)

    once = ours[ours["frequency"] == 1]
    assert len(once) / len(ours) == pytest.approx(0.5, abs=0.03)
    assert once["f_score"].nunique() == 1
    assert (
        ours.groupby(["recency_days", "frequency", "monetary_amount"])[
            ["r_score", "f_score", "m_score"]
        ]
        .nunique()
        .max()
        .max()
        == 1
    )
    assert segments == (2357, 11)
    assert first_cohort == (2357,)
