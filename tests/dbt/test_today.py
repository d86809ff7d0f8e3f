"""The day that is going on: sales are there at once, by the rules of the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.live import AT_LEAST_EVERY, Look, look
from sandbox.faults import Fault
from sandbox.world import WorldSettings
from tests.dbt.served_business import Rows, ServedBusiness, served_business
from warehouse.vault import open_vault

# Two sales of the evening are told by both systems.
SETTINGS = WorldSettings(seed=17, years=0.25, orders_per_day=60)
MODELS = "+rpt_today +rpt_sales_daily +rpt_sales_hourly +fct_sale_outcomes_daily"
TODAY = "select location_name, net_amount, orders_count, units from rpt_today order by 1"
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


def look_again(business: ServedBusiness, last: Look | None = None) -> Look:
    vault = open_vault(business.warehouse)
    return look(business.warehouse, vault, last.newest if last else {}, last and last.built_at)


def sold(business: ServedBusiness, query: str) -> Rows:
    """Without places that only stand there for what is usual."""
    return [row for row in business.rows(query) if row[1:] != (0, 0, 0)]


def test_what_was_sold_since_the_last_run_counts_as_the_next_run_will_count_it(
    business: ServedBusiness,
) -> None:
    first = look_again(business)
    assert first.orders == {}
    assert sold(business, TODAY) == sold(business, LEDGER)

    before = sold(business, TODAY)
    business.world.advance(business.world.now + timedelta(hours=10))
    second = look_again(business, first)
    assert second.orders.keys() == {"shopify", "square"}
    assert second.problems == {}
    live = sold(business, TODAY)
    assert sum(row[2] for row in live) > sum(row[2] for row in before)
    # All other marts stay as the last run built them, and its checks hold.
    assert sold(business, LEDGER) == before
    assert "Completed successfully" in business.said_by("every_source_row_is_counted_or_excluded")

    business.update()
    assert sold(business, LEDGER) == live
    (repeats,) = business.rows(
        "select count(*) from fct_sale_lines where exclusion_reason = 'duplicate_of_shopify' "
        "and sale_date = (select min(sale_date) from rpt_today)"
    )
    assert repeats[0] > 0


def test_nothing_is_built_without_news(business: ServedBusiness) -> None:
    first = look_again(business)
    second = look_again(business, first)
    assert (second.orders, second.built_at) == ({}, first.built_at)


def test_what_is_usual_by_now_moves_on_without_a_sale(business: ServedBusiness) -> None:
    first = look_again(business)
    long_ago = datetime.now(UTC) - AT_LEAST_EVERY
    later = look_again(business, Look(first.newest, built_at=long_ago))
    assert later.built_at
    assert later.built_at > long_ago + AT_LEAST_EVERY / 2


def test_a_source_that_refuses_does_not_hold_up_the_other(business: ServedBusiness) -> None:
    first = look_again(business)
    square, _ = business.shops
    square.system.faults.add(Fault("status", path="orders/search", status=403))
    business.world.advance(business.world.now + timedelta(hours=3))
    second = look_again(business, first)
    assert second.problems.keys() == {"square"}
    assert second.orders.keys() == {"shopify"}
    assert second.newest["square"] == first.newest["square"]
    square.system.faults.clear()
    assert look_again(business, second).problems == {}
