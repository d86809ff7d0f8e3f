"""The sample restaurant: a real till export, through files alone, with answers known beforehand.

The same Superset shows it once the hub is switched to it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboard_walk import sign_in, walk
from playwright.sync_api import BrowserContext

from orchestration.ops.demo import RESTAURANT
from tests.conftest import RunningHub, run_hub_command


@pytest.fixture(scope="module")
def output(running_hub: RunningHub) -> str:
    """What ``hub demo restaurant`` prints; it takes the place of the other demo."""
    running_hub.shows_demo = False
    done = run_hub_command("demo", "restaurant")
    assert done.returncode == 0, done.stdout + done.stderr
    running_hub.find()
    return done.stdout


def test_it_says_what_it_found(output: str) -> None:
    assert "Spreadsheets: 358 days, 358 equal, 0 with named exclusions, 0 unexplained" in output
    assert "817,860.05 USD net in 21,350 orders, 49,574 units" in output
    assert "0 not." in output


@pytest.mark.usefixtures("output")
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (
            (
                "select count(*), count(distinct order_key), sum(quantity)::int, sum(net_amount)"
                " from fct_sale_lines where is_counted"
            ),
            "48620|21350|49574|817860.050000",
        ),
        ("select count(*), round(sum(net_amount), 2) from fct_orders", "21350|817860.05"),
        (
            (
                "select round(sum(net_amount), 2) from rpt_sales_daily"
                " where sale_date between '2015-01-01' and '2015-01-31'"
            ),
            "69793.30",
        ),
        (
            (
                "select round(sum(net_amount), 2) from rpt_product_performance"
                " where month_start_date = '2015-07-01'"
            ),
            "72557.90",
        ),
        (
            (
                "select round(sum(net_amount), 2) from rpt_margin_daily"
                " where sale_date >= '2015-12-01'"
            ),
            "64701.15",
        ),
        (
            (
                "select sale_hour, sum(orders_count) from rpt_sales_hourly group by 1"
                " order by 2 desc limit 1"
            ),
            "12|2520",
        ),
        (
            (
                "select day_name, sum(orders_count) from rpt_sales_hourly group by 1"
                " order by 2 desc limit 1"
            ),
            "Friday|3538",
        ),
        ("select count(*) from dim_products where description like '%‘Nduja Salami%'", "3"),
        # The seven closed days have no row at all.
        (
            (
                "select count(*) from dim_dates left join rpt_sales_daily on date_day = sale_date"
                " where date_day between '2015-01-01' and '2015-12-31' and sale_date is null"
            ),
            "7",
        ),
        ("select count(*) from rpt_rfm_segments", "11"),
        (
            (
                "select count(*) filter (where explanation = 'equal'), count(*)"
                " from rpt_reconciliation"
            ),
            "1790|1790",
        ),
        ("select count(distinct quadrant) from rpt_menu", "4"),
        (
            (
                "select count(*) from rpt_forecast_accuracy where is_selected"
                " and wape <= best_naive_wape and n_origins >= 3"
                " and series_level in ('total', 'location', 'category')"
            ),
            "18",
        ),
        (
            (
                "select count(distinct (series_key, horizon_days)) from rpt_sales_forecast"
                " where series_level in ('total', 'location', 'category')"
            ),
            "18",
        ),
    ],
)
def test_known_answers(query: str, answer: str) -> None:
    done = run_hub_command("sql", "--business", str(RESTAURANT), "--", "-At", "-c", query)
    assert done.stdout.strip() == answer, done.stderr


@pytest.mark.usefixtures("output")
def test_its_dashboards_are_those_that_superset_shows_now(
    running_hub: RunningHub, desktop: BrowserContext, screenshots: Path
) -> None:
    url, password = running_hub.superset_url, running_hub.passwords["owner"]
    sign_in(desktop, url, "owner", password)
    found = [
        walk(desktop, url, slug, screenshots / f"{slug}-of-the-restaurant.png")
        for slug in ("restaurant", "sales", "forecast")
    ]
    assert [one.problems for one in found] == [[], [], []]
