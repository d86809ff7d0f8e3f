"""The day that is going on: sales are there at once, by the rules of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ingestion.sources.news import ask_for_news
from orchestration.planning.hub import TODAY, hub_items, plan_for
from orchestration.planning.items import needed_for
from sandbox.faults import Fault
from sandbox.world import WorldSettings
from tests.dbt.served_business import Rows, ServedBusiness, served_business
from warehouse.business import Business
from warehouse.settings_tables import store_settings

# One sale of the evening is told by both systems.
SETTINGS = WorldSettings(seed=20, years=0.08, orders_per_day=60)
MODELS = "+rpt_today +rpt_sales_daily +rpt_sales_hourly +fct_sale_outcomes_daily"
SHOWN = "select location_name, net_amount, orders_count, units from rpt_today order by 1"
LEDGER = """
    select location_name, sum(net_amount), sum(orders_count)::bigint, sum(units)
    from rpt_sales_daily
    where sale_date = (select max(sale_date) from rpt_sales_daily where orders_count > 0)
    group by 1 order by 1
"""


@pytest.fixture(scope="module")
def business(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBusiness]:
    folder: Path = tmp_path_factory.mktemp("today")
    with served_business(SETTINGS, folder, timedelta(hours=22), MODELS) as served:
        yield served


def sold(business: ServedBusiness, query: str) -> Rows:
    """Without places that only stand there for what is usual."""
    return [row for row in business.rows(query) if row[1:] != (0, 0, 0)]


def test_what_is_sold_is_news_and_shows_as_the_ledger_counts_it(business: ServedBusiness) -> None:
    first = ask_for_news(business.warehouse)
    assert (first.sources, first.problems) == ([], {})
    before = sold(business, SHOWN)
    assert before == sold(business, LEDGER)

    business.world.advance(business.world.now + timedelta(hours=10))
    second = ask_for_news(business.warehouse, first.newest)
    assert sorted(second.sources) == ["shopify", "square"]
    assert ask_for_news(business.warehouse, second.newest).sources == []
    business.update()
    shown = sold(business, SHOWN)
    assert shown == sold(business, LEDGER)
    assert sum(row[2] for row in shown) > sum(row[2] for row in before)
    (repeats,) = business.rows(
        "select count(*) from fct_sale_lines where exclusion_reason = 'duplicate_of_shopify' "
        "and sale_date = (select min(sale_date) from rpt_today)"
    )
    assert repeats[0] > 0


def test_a_source_that_refuses_does_not_hold_up_the_other(business: ServedBusiness) -> None:
    first = ask_for_news(business.warehouse)
    square, _ = business.shops
    square.system.faults.add(Fault("status", path="orders/search", status=403))
    business.world.advance(business.world.now + timedelta(hours=10))
    second = ask_for_news(business.warehouse, first.newest)
    assert second.problems.keys() == {"square"}
    assert second.sources == ["shopify"]
    assert second.newest["square"] == first.newest["square"]
    square.system.faults.clear()
    third = ask_for_news(business.warehouse, second.newest)
    assert (third.sources, third.problems) == (["square"], {})


def test_with_the_hour_moves_on_what_is_usual_by_now_and_nothing_else(
    business: ServedBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    business.update()
    needed = needed_for(hub_items(business.warehouse), TODAY)
    before = _due(business) & needed
    real = Business.now

    def an_hour_later(self: Business) -> datetime:
        return real(self) + timedelta(hours=1)

    # The turn of the day is another matter: the day's first hour changes the day as well.
    hour = real(business.warehouse.business).hour
    if hour == 23:
        monkeypatch.setattr(Business, "today", lambda self: real(self).date())
    monkeypatch.setattr(Business, "now", an_hour_later)
    store_settings(business.warehouse)
    assert (_due(business) & needed) - before == {
        "model.hub.rpt_today_hours",
        "model.hub.rpt_today",
    }
    business.build(only_due=True)
    ((past,),) = business.rows("select count(*) from rpt_today_hours where is_past")
    ((hours,),) = business.rows("select count(*) from rpt_today_hours")
    assert past == hours, "the day that the world's clock shows is over by the computer's"


def _due(business: ServedBusiness) -> set[str]:
    return set(plan_for(business.warehouse, "sales").reasons)


def test_what_today_needs_hangs_on_no_forecast(business: ServedBusiness) -> None:
    """A forecast that is due must not hold up the page, and is not made for each sale."""
    business.world.advance(business.world.now + timedelta(hours=2))
    business.update()
    due = plan_for(business.warehouse, "sales")
    assert not [name for name in due.reasons if name == "task.forecast_sales"]
    assert "task.forecast_sales" in plan_for(business.warehouse).reasons
