"""A business that has just begun: on any of its days each question is answered or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from orchestration.defs.predict.assets import TASKS
from orchestration.defs.predict.tasks import run_task
from tests.dbt.building import build, load
from warehouse.database import Warehouse
from warehouse.settings_tables import store_settings

FIRST = date(2025, 1, 1)
RETURNS_UNTIL, LAST_DAY = 20, 400
# One product, one customer; the first twenty days hold refunds alone.
DAYS = (0, 1, 7, RETURNS_UNTIL, 30, 60, LAST_DAY)


@pytest.fixture(scope="module")
def made() -> dict[str, Warehouse]:
    return {}


@pytest.fixture
def newcomer(warehouse_factory: Callable[..., Warehouse], made: dict[str, Warehouse]) -> Warehouse:
    if "shop" not in made:
        made["shop"] = warehouse_factory(name="Newcomer")
        folder = made["shop"].business.inbox / "sales"
        folder.mkdir(parents=True)
        lines = [
            "order_id,sold_at,product_name,category_name,quantity,unit_price_amount,customer_id"
        ]
        for day in range(LAST_DAY):
            quantity = -1 if day < RETURNS_UNTIL else 1 + day % 3
            sold_at = FIRST + timedelta(days=day)
            lines.append(f"O{day},{sold_at} 10:00,Jam,Food,{quantity},5.00,C1")
        (folder / "sales.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        load(made["shop"])
        done = build(made["shop"], data_tests=False, only_due=True)
        assert done.returncode == 0, done.stdout[-4000:]
    return made["shop"]


@pytest.mark.parametrize("days", DAYS)
def test_every_question_is_answered_or_refused(newcomer: Warehouse, days: int) -> None:
    as_of_date = FIRST + timedelta(days=days - 1)
    store_settings(newcomer, as_of_date)
    for task in TASKS:
        assert run_task(task, newcomer, f"{task.name}-{days}")
    with newcomer.connect("ml") as connection:
        runs = dict(
            connection.execute(
                "select task, status from ml.model_runs where run_id like %s", (f"%-{days}:%",)
            ).fetchall()
        )
        without_reason = connection.execute(
            "select count(*) from ml.refusals where coalesce(reason, '') = ''"
        ).fetchone()
        forecasts = connection.execute(
            "select count(*), min(sale_date) from ml.sales_forecast where row_type = 'forecast'"
        ).fetchone()
    assert runs.keys() == {task.name for task in TASKS}
    assert without_reason == (0,)
    assert "refused" in runs.values()
    assert forecasts is not None
    if days == LAST_DAY:
        assert forecasts[1] == as_of_date + timedelta(days=1)
        assert runs["forecast_sales"] == "done"
    if days <= 30:
        assert forecasts == (0, None)
