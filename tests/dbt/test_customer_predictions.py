"""Predictions of real customers from the marts to the marts: CDNOW, which tells no cost at all."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from orchestration.defs.predict.customers import TASKS
from orchestration.defs.predict.tasks import run_task
from tests.dbt.building import build, load
from tests.record_shop import LAST_DAY, write_inbox
from warehouse.database import Warehouse

MARTS = "rpt_customer_predictions rpt_recommendations rpt_basket_rules"
READ = "fct_order_margins rpt_inventory_health rpt_sales_daily"


def _rows(warehouse: Warehouse, role: str, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect(role) as connection:  # type: ignore[arg-type]
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def _build(warehouse: Warehouse, select: str) -> None:
    done = build(warehouse, as_of_date=LAST_DAY, select=select)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.fixture
def record_shop(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    warehouse = warehouse_factory(name="Record Shop")
    write_inbox(warehouse.business.inbox)
    load(warehouse)
    _build(warehouse, " ".join(f"+{model}" for model in f"{MARTS} {READ}".split()))
    return warehouse


def test_scores_come_back_for_every_customer_and_say_what_is_missing(
    record_shop: Warehouse,
) -> None:
    before = _rows(record_shop, "analyst", "select count(*), count(churn_probability), "
                   "count(*) filter (where recommended_action like 'Greet and offer%') "
                   "from rpt_customer_predictions")  # fmt: skip
    # Nobody has a score yet, and nobody agreed to be written to.
    assert before == [(2357, 0, 2357)]

    for task in TASKS:
        run_task(task, record_shop, uuid.uuid4().hex, as_of_date=LAST_DAY)
    _build(record_shop, MARTS)

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
        again = run_task(task, record_shop, uuid.uuid4().hex, as_of_date=LAST_DAY)
        assert again == "unchanged"
