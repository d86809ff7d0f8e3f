"""What is told to people: few things, most money first, in sentences with the right numbers."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from ml.insights import FINDERS, INSIGHT_COLUMNS, MOST_OF_A_KIND, Known, Wording, rank_insights

AS_OF = date(2026, 9, 30)
COLUMNS = {
    "anomalies": "series_key metric first_date last_date days_count actual_value expected_value "
    "difference_value difference_rate z_score direction impact_amount cause_series_key "
    "location_key",
    "trends": "series_key metric direction level_value weekly_change_value break_date "
    "before_break_value after_break_value impact_amount break_impact_amount location_key",
    "reorder_plan": "urgency location_key location_name supplier_name order_by_date order_quantity "
    "order_amount product_name days_left lead_time_days lost_margin_amount",
    "inventory_health": "product_name location_key location_name on_hand_quantity "
    "value_at_cost_amount is_dead_stock",
    "customers": "is_active churn_probability expected_net_12m_amount is_contact_allowed",
    "price_elasticities": "product_key product_name elasticity current_price_amount "
    "best_price_amount margin_change_amount lower_margin_change_amount upper_margin_change_amount",
    "price_tests": "test_name variant_name verdict reason",
    "below_cost": "product_key product_name units net_amount cost_amount",
    "staffing_plan": "location_key location_name plan_date work_hour expected_orders "
    "needed_staff_count difference_staff_count hourly_cost_amount",
    "outlook": "forecast_amount actual_amount",
    "receivables": "source_customer_id oldest_due_date late_amount",
    "acquisition": "cohort_month spend_amount margin_amount blended_cac_amount margin_ltv_amount "
    "ltv_to_cac_rate",
}


def _told(country: str = "US", **rows: list[dict[str, object]]) -> pd.DataFrame:
    frames = {
        name: pd.DataFrame(rows.get(name, []), columns=columns.split())
        for name, columns in COLUMNS.items()
    }
    return rank_insights(Known(frames, AS_OF, Wording("USD", country)))


def _day(**values: object) -> dict[str, object]:
    return {
        "series_key": "total", "metric": "net_sales", "first_date": AS_OF - timedelta(days=2),
        "last_date": AS_OF - timedelta(days=2), "days_count": 1, "actual_value": 600.0,
        "expected_value": 1000.0, "difference_value": -400.0, "difference_rate": -0.4,
        "z_score": -4.2, "direction": "below", "impact_amount": -400.0,
        "cause_series_key": "location:North", "location_key": None, **values,
    }  # fmt: skip


def _trend(**values: object) -> dict[str, object]:
    return {
        "series_key": "total", "metric": "net_sales", "direction": "falling", "level_value": 870.0,
        "weekly_change_value": -10.0, "break_date": None, "before_break_value": None,
        "after_break_value": None, "impact_amount": -1690.0, "break_impact_amount": None,
        "location_key": None, **values,
    }  # fmt: skip


def test_nothing_known_tells_nothing() -> None:
    told = _told(outlook=[{"forecast_amount": None, "actual_amount": None}])
    assert told.empty
    assert list(told.columns) == list(INSIGHT_COLUMNS)


def test_a_bad_day_says_what_it_cost_and_where() -> None:
    told = _told(anomalies=[_day()]).iloc[0]
    assert told["headline"] == (
        "Monday 28 September: net sales of the whole business $600 instead of $1,000"
    )
    assert "40 % below" in told["evidence"]
    assert "North" in told["evidence"]
    assert told["impact_amount"] == -400
    assert told["evidence_filter"] == (
        "series_key = 'total' and metric = 'net_sales' and first_date = '2026-09-28'"
    )


def test_one_event_is_told_once_and_old_days_not_at_all() -> None:
    part = _day(series_key="location:North", impact_amount=-390.0, cause_series_key=None)
    same_day_orders = _day(metric="orders", impact_amount=-380.0)
    other_day = _day(
        series_key="location:South", impact_amount=-100.0, cause_series_key=None,
        first_date=AS_OF - timedelta(days=6), last_date=AS_OF - timedelta(days=5), days_count=2,
    )  # fmt: skip
    old = _day(last_date=AS_OF - timedelta(days=14), first_date=AS_OF - timedelta(days=14))
    told = _told(anomalies=[part, _day(), same_day_orders, other_day, old])
    assert list(told["impact_amount"]) == [-400.0, -100.0]
    assert "Thursday 24 September to Friday 25 September" in told["headline"].iloc[1]


def test_the_whole_tells_for_its_parts_and_sales_for_orders() -> None:
    rows = [
        _trend(),
        _trend(metric="orders", impact_amount=-9999.0),
        _trend(series_key="location:North"),
        _trend(series_key="location:South", weekly_change_value=12.0, direction="rising"),
        _trend(series_key="location:East", direction="steady"),
        _trend(metric="refund_rate", level_value=0.08, weekly_change_value=0.004),
    ]
    told = _told(trends=rows).set_index("subject")
    assert set(told.index) == {
        "net sales of the whole business", "net sales of South",
        "the share of sales that was given back of the whole business",
    }  # fmt: skip
    whole = told.loc["net sales of the whole business"]
    assert whole["headline"] == (
        "Net sales of the whole business have fallen within a quarter: from $1,000 to $870 a week, "
        "13 % less"
    )
    assert whole["evidence"].endswith("So did North.")
    refunds = told.loc["the share of sales that was given back of the whole business"]
    assert "from 2.8 % to 8 %" in refunds["headline"]
    assert refunds["action"].startswith("Find out in which part")


def test_a_recent_break_is_news_and_an_old_one_is_not() -> None:
    broke = {
        "direction": "steady", "break_date": AS_OF - timedelta(days=28),
        "before_break_value": 500.0, "after_break_value": 700.0, "break_impact_amount": 2600.0,
    }  # fmt: skip
    told = _told(trends=[_trend(**broke)]).iloc[0]
    assert told["headline"] == (
        "Net sales of the whole business have risen since Wednesday 2 September: from $500 to $700 "
        "a week, 40 % more"
    )
    assert (told["kind"], told["impact_amount"]) == ("new_level", 2600)
    assert _told(trends=[_trend(**{**broke, "break_date": AS_OF - timedelta(days=90)})]).empty


def test_orders_go_out_per_supplier_and_place() -> None:
    item = {
        "urgency": "order now", "location_key": "k1", "location_name": "North",
        "supplier_name": "Roasters", "order_by_date": AS_OF - timedelta(days=3),
        "order_quantity": 12.0, "order_amount": 60.0, "product_name": "Beans", "days_left": 2.0,
        "lead_time_days": 5.0, "lost_margin_amount": 40.0,
    }  # fmt: skip
    nobody = {**item, "supplier_name": None, "product_name": "Cups", "lost_margin_amount": 1.0}
    later = {**item, "urgency": "order soon"}
    told = _told(reorder_plan=[item, {**item, "product_name": "Tea"}, nobody, later])
    first, second = told.to_dict("records")
    assert first["headline"] == (
        "Order 2 products from Roasters for North by Thursday 1 October for $120"
    )
    assert first["act_by_date"] == AS_OF + timedelta(days=1)
    assert first["impact_amount"] == 80
    assert "supplier_name is null" in second["evidence_filter"]


def test_few_of_a_kind_are_told_and_the_dearest_first() -> None:
    rows = [
        {
            "product_key": f"p{each}", "product_name": f"Dish {each}", "units": 3.0,
            "net_amount": 10.0, "cost_amount": 10.0 + each,
        }
        for each in range(1, 9)
    ]  # fmt: skip
    told = _told(below_cost=rows)
    assert list(told["impact_amount"]) == [8.0, 7.0, 6.0, 5.0, 4.0]
    assert len(told) == MOST_OF_A_KIND
    assert list(told["insight_rank"]) == [1, 2, 3, 4, 5]


def test_keys_stay_while_the_news_is_the_same() -> None:
    first = _told(anomalies=[_day()])["insight_key"].iloc[0]
    assert _told(anomalies=[_day(actual_value=610.0)])["insight_key"].iloc[0] == first
    other = _day(first_date=AS_OF, last_date=AS_OF)
    assert _told(anomalies=[other])["insight_key"].iloc[0] != first


def test_numbers_read_as_in_the_owners_country_and_unknown_countries_do() -> None:
    german = _told("DE", anomalies=[_day()])["headline"].iloc[0].replace("\xa0", " ")
    assert german.endswith("600 US$ instead of 1.000 US$")
    assert "600" in _told("ZZ", anomalies=[_day()])["headline"].iloc[0]


def test_everybody_has_something_to_say() -> None:
    """Each finder tells of a case made for it, so that none is dead."""
    told = _told(
        anomalies=[_day()],
        trends=[_trend()],
        reorder_plan=[{
            "urgency": "order now", "location_key": "k", "location_name": "North",
            "supplier_name": "S", "order_by_date": AS_OF, "order_quantity": 1.0,
            "order_amount": None, "product_name": "P", "days_left": None, "lead_time_days": 2.0,
            "lost_margin_amount": None,
        }],
        inventory_health=[{
            "product_name": "P", "location_key": "k", "location_name": "North",
            "on_hand_quantity": 2.0, "value_at_cost_amount": 20.0, "is_dead_stock": True,
        }],
        customers=[{
            "is_active": True, "churn_probability": 0.7, "expected_net_12m_amount": 90.0,
            "is_contact_allowed": False,
        }],
        price_elasticities=[{
            "product_key": "p", "product_name": "P", "elasticity": -1.4,
            "current_price_amount": 3.0, "best_price_amount": 3.5, "margin_change_amount": 9.0,
            "lower_margin_change_amount": 2.0, "upper_margin_change_amount": 15.0,
        }],
        price_tests=[{"test_name": "T", "variant_name": "B", "verdict": "take_new", "reason": "R"}],
        below_cost=[{
            "product_key": "p", "product_name": "P", "units": 1.0, "net_amount": 1.0,
            "cost_amount": 2.0,
        }],
        staffing_plan=[{
            "location_key": "k", "location_name": "North", "plan_date": AS_OF + timedelta(days=2),
            "work_hour": 12, "expected_orders": 40.0, "needed_staff_count": 12,
            "difference_staff_count": 9.0, "hourly_cost_amount": 20.0,
        }],
        outlook=[{"forecast_amount": 1200.0, "actual_amount": 1000.0}],
        receivables=[{
            "source_customer_id": "1", "oldest_due_date": AS_OF - timedelta(days=70),
            "late_amount": 50.0,
        }],
        acquisition=[{
            "cohort_month": date(2025, 8, 1), "spend_amount": 100.0, "margin_amount": 60.0,
            "blended_cac_amount": 10.0, "margin_ltv_amount": 6.0, "ltv_to_cac_rate": 0.6,
        }],
    )  # fmt: skip
    assert told["kind"].nunique() == len(FINDERS)
    assert told["headline"].notna().all()
    assert "too_few_staff" in set(told["kind"])
    assert "North lacks 9 hours of work next week" in set(told["headline"])
    assert "1 customer owes $50.00 for over 30 days" in set(told["headline"])
