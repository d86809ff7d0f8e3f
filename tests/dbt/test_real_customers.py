"""Scores and predictions of real customers: the CDNOW sample of Fader, Hardie & Lee.

The package ``lifetimes`` carries it; it tells no cost at all.
"""

from __future__ import annotations

import uuid
from typing import Any

import pandas as pd
import pytest

from ml.rfm import score_customers
from orchestration.defs.predict.customers import TASKS
from orchestration.defs.predict.tasks import run_task
from tests.dbt.building import build, load
from tests.dbt.served_business import new_business
from tests.record_shop import LAST_DAY, purchases, write_inbox
from warehouse.database import Warehouse

MARTS = "rpt_customer_predictions rpt_recommendations rpt_basket_rules"


def _rows(warehouse: Warehouse, role: str, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect(role) as connection:  # type: ignore[arg-type]
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def _build(warehouse: Warehouse, select: str | None = None) -> None:
    done = build(warehouse, as_of_date=LAST_DAY, select=select, only_due=True)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture(scope="module")
def record_shop(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = new_business(tmp_path_factory.mktemp("shop") / "record_shop")
    write_inbox(warehouse.business.inbox)
    load(warehouse)
    _build(warehouse)
    return warehouse


def test_scores_equal_the_reference_and_ties_are_never_split(record_shop: Warehouse) -> None:
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


def test_scores_come_back_for_every_customer_and_say_what_is_missing(
    record_shop: Warehouse,
) -> None:
    before = _rows(record_shop, "analyst", "select count(*), count(churn_probability), "
                   "count(*) filter (where recommended_action like 'Greet and offer%') "
                   "from rpt_customer_predictions")  # fmt: skip
    # Nobody has a score yet, and nobody agreed to be written to.
    assert before == [(2357, 0, 2357)]

    for task in TASKS:
        run_task(task, record_shop, uuid.uuid4().hex)
    _build(record_shop, select=MARTS)

    # Eight customers paid nothing for anything, so nothing of theirs counts as a purchase.
    ((customers, scored, contacted, alive, orders, margins, late),) = _rows(
        record_shop, "analyst",
        """select count(*), count(churn_probability),
            count(*) filter (where is_contact_allowed),
            avg(is_alive_probability)::float, sum(expected_orders_12m)::float,
            count(expected_margin_12m_amount),
            count(*) filter (where next_purchase_date <= snapshot_date)
        from rpt_customer_predictions""",
    )  # fmt: skip
    assert customers == 2357
    assert scored == 2_349
    assert (contacted, margins, late) == (0, 0, 0)
    assert 0.2 < alive < 0.7
    # 1,882 purchases in the 39 weeks before, and fewer of the same people in each year.
    assert 1_000 < orders < 2_500
    chosen = _rows(
        record_shop, "ml",
        "select subject, model from ml.evaluations where is_selected and metric = 'rmse'",
    )  # fmt: skip
    assert chosen in [[("customer lifetime", name)] for name in ("bg_nbd", "pareto_nbd")]
    refused = dict(_rows(record_shop, "ml", "select subject, reason from ml.refusals"))
    assert set(refused) == {
        "customer margin", "basket rules by product", "basket rules by category", "next best offer",
    }  # fmt: skip
    assert all(reason.startswith("Not enough data: ") for reason in refused.values())
    for task in TASKS:
        again = run_task(task, record_shop, uuid.uuid4().hex)
        assert again == "unchanged"
