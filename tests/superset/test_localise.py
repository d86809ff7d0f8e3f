"""The bundle fitted to one business: currency, period, filters and empty charts."""

import json
from datetime import date

from hub_bi import bundle
from hub_bi.dashboards import all_dashboards, customers, data_health
from hub_bi.layout import GRID_COLUMNS
from hub_bi.localise import Facts, localise
from hub_bi.settings import ASSETS, Business

URI = "postgresql+psycopg2://bi_reader@127.0.0.1:6543/shop"
ALL_FULL = Facts()
PIZZA = Business("Pizza Place", "EUR", date(2015, 12, 31))
NO_CUSTOMERS = Facts(
    empty=frozenset({("fct_customer_rfm", ""), ("rpt_customer_cohorts", "months_since_first > 0")})
)


def _local(facts: Facts = ALL_FULL, business: Business = PIZZA) -> bundle.Bundle:
    return localise(bundle.read(ASSETS), all_dashboards(), business, URI, facts)


def test_the_committed_bundle_knows_no_currency_and_the_installed_one_does() -> None:
    committed, local = bundle.read(ASSETS), _local()
    metric = "datasets/rpt_sales_daily.yaml"
    assert {m["currency"]["symbol"] for m in committed[metric]["metrics"] if "currency" in m} == {
        "XXX"
    }
    assert "XXX" not in json.dumps(local)
    assert {m["currency"]["symbol"] for m in local[metric]["metrics"] if "currency" in m} == {"EUR"}


def test_the_period_filter_opens_on_twelve_months() -> None:
    filters = _local()["dashboards/sales.yaml"]["metadata"]["native_filter_configuration"]
    period = next(shown for shown in filters if shown["filterType"] == "filter_time")
    assert period["defaultDataMask"]["extraFormData"] == {"time_range": "2015-01-01 : 2016-01-01"}


def test_numbers_stand_beside_a_year_ago_where_the_records_reach_so_far() -> None:
    facts = Facts(
        first_dates={"rpt_sales_daily": date(2013, 5, 4), "rpt_margin_daily": date(2015, 2, 1)}
    )
    local = _local(facts)
    sales = local["charts/sales__net_sales.yaml"]
    assert sales["viz_type"] == sales["params"]["viz_type"] == "pop_kpi"
    assert sales["params"]["time_compare"] == "1 year ago"
    (query,) = json.loads(sales["query_context"])["queries"]
    assert query["time_offsets"] == ["1 year ago"]
    assert query["filters"][0]["val"] == "2015-01-01 : 2016-01-01"
    weeks = local["charts/owner_overview__weekly_sales.yaml"]
    assert weeks["params"]["time_compare"] == ["1 year ago"]
    # Of margins there is no year before.
    assert local["charts/profit__margin_rate.yaml"]["viz_type"] == "big_number"


def test_without_a_year_before_numbers_stand_beside_the_half_before() -> None:
    local = _local(Facts(first_dates={"rpt_sales_daily": date(2015, 1, 1)}))
    filters = local["dashboards/sales.yaml"]["metadata"]["native_filter_configuration"]
    assert filters[0]["defaultDataMask"]["filterState"]["value"] == "2015-07-03 : 2016-01-01"
    assert local["charts/sales__net_sales.yaml"]["params"]["time_compare"] == "inherit"
    assert "time_compare" not in local["charts/owner_overview__weekly_sales.yaml"]["params"]


def test_a_filter_without_a_choice_is_left_out() -> None:
    facts = Facts(single_valued=frozenset({("rpt_sales_daily", "location_name")}))
    names = [
        shown["name"]
        for shown in _local(facts)["dashboards/sales.yaml"]["metadata"][
            "native_filter_configuration"
        ]
    ]
    assert names == ["Period", "Channel"]


def test_the_database_gets_the_address_of_this_business() -> None:
    assert _local()[bundle.DATABASE_FILE]["sqlalchemy_uri"] == URI


def test_without_customers_one_card_says_what_to_do_and_no_empty_chart_is_left() -> None:
    local = _local(NO_CUSTOMERS)
    board = local["dashboards/customers.yaml"]
    texts = [n["meta"]["code"] for n in _nodes(board, "MARKDOWN")]
    note = next(text for text in texts if "hub map" in text)
    assert "Do they come back?" in note
    assert {n["meta"]["sliceName"] for n in _nodes(board, "CHART")} == {
        "Who places the orders?",
        "How fresh are these numbers?",
    }
    charts = {n for n in local if n.startswith("charts/customers__")}
    assert charts == {
        "charts/customers__named_and_guest.yaml",
        "charts/customers__freshness.yaml",
    }


def test_what_is_left_in_a_row_takes_its_whole_width_and_no_row_is_empty() -> None:
    board = _local(NO_CUSTOMERS)["dashboards/customers.yaml"]
    position = board["position"]
    for row in _nodes(board, "ROW"):
        assert sum(position[child]["meta"]["width"] for child in row["children"]) == GRID_COLUMNS


def test_when_customers_come_the_charts_are_back() -> None:
    board = _local()["dashboards/customers.yaml"]
    assert len(_nodes(board, "CHART")) == len(list(customers.DASHBOARD.tiles()))


def test_a_single_empty_chart_is_replaced_in_its_place() -> None:
    local = _local(Facts(empty=frozenset({("rpt_quarantine", "")})))
    board = local["dashboards/data_health.yaml"]
    texts = " ".join(n["meta"]["code"] for n in _nodes(board, "MARKDOWN"))
    assert "every row of every file was accepted" in texts
    assert "No row was rejected" in texts
    assert len(_nodes(board, "CHART")) == len(list(data_health.DASHBOARD.tiles())) - 2


def test_the_given_bundle_stays_as_it_was() -> None:
    files = bundle.read(ASSETS)
    localise(files, all_dashboards(), PIZZA, URI, NO_CUSTOMERS)
    assert files == bundle.read(ASSETS)


def _nodes(board: dict[str, object], kind: str) -> list[dict[str, object]]:
    position = board["position"]
    return [n for n in position.values() if isinstance(n, dict) and n["type"] == kind]  # type: ignore[attr-defined]
