"""dbt metrics as SQL: the translation of each type, and what it refuses."""

import copy
from typing import Any

import pytest
from hub_bi.semantics import SemanticsError, column_label, marts_of

MEASURES = [
    {"name": "net", "agg": "sum", "expr": "net_amount"},
    {"name": "orders", "agg": "sum", "expr": None},
    {"name": "buyers", "agg": "count_distinct", "expr": "customer_key"},
    {"name": "failed", "agg": "sum_boolean", "expr": "status = 'fail'"},
]


def _metric(name: str, kind: str, shown_as: str = "count", **parts: Any) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.title(),
        "description": "",
        "type": kind,
        "type_params": parts,
        "config": {"meta": {"format": shown_as}},
    }


def _manifest(*metrics: dict[str, Any]) -> dict[str, Any]:
    def mart(name: str) -> dict[str, Any]:
        return {
            "resource_type": "model",
            "alias": name,
            "schema": "marts",
            "config": {"meta": {}},
            "description": "One row\nper day.",
            "columns": {
                "sale_date": {"name": "sale_date", "data_type": "date", "description": "Day."}
            },
        }

    return {
        "nodes": {"a": mart("rpt_a"), "b": mart("rpt_b")},
        "semantic_models": {
            "a": {
                "node_relation": {"alias": "rpt_a"},
                "defaults": {"agg_time_dimension": "day"},
                "dimensions": [{"name": "day", "expr": "sale_date"}],
                "measures": MEASURES,
            },
            "b": {
                "node_relation": {"alias": "rpt_b"},
                "measures": [{"name": "spend", "agg": "sum", "expr": "spend_amount"}],
            },
        },
        "metrics": {metric["name"]: copy.deepcopy(metric) for metric in metrics},
    }


NET = _metric("net", "simple", "currency", measure={"name": "net"})
ORDERS = _metric("orders", "simple", measure={"name": "orders"})
SPEND = _metric("spend", "simple", "currency", measure={"name": "spend"})


def _expression(name: str, *metrics: dict[str, Any]) -> str:
    return marts_of(_manifest(*metrics))["rpt_a"].metric(name).expression


@pytest.mark.parametrize(
    ("measure", "expression"),
    [
        ("net", "SUM(net_amount)"),
        ("orders", "SUM(orders)"),
        ("buyers", "COUNT(DISTINCT customer_key)"),
        ("failed", "SUM(CASE WHEN status = 'fail' THEN 1 ELSE 0 END)"),
    ],
)
def test_a_simple_metric_is_its_measures_aggregate(measure: str, expression: str) -> None:
    metric = _metric("m", "simple", measure={"name": measure})
    assert _expression("m", metric) == expression


def test_a_ratio_divides_as_numeric_and_survives_zero() -> None:
    ratio = _metric(
        "r", "ratio", "currency", numerator={"name": "net"}, denominator={"name": "orders"}
    )
    assert _expression("r", NET, ORDERS, ratio) == (
        "SUM(net_amount)::numeric / NULLIF(SUM(orders), 0)"
    )


def test_a_derived_metric_writes_its_inputs_out_by_alias() -> None:
    derived = _metric(
        "d",
        "derived",
        expr="net - n / 2",
        metrics=[{"name": "net"}, {"name": "orders", "alias": "n"}],
    )
    assert _expression("d", NET, ORDERS, derived) == "(SUM(net_amount)) - (SUM(orders)) / 2"


def test_a_metric_over_two_marts_belongs_to_neither() -> None:
    mixed = _metric("m", "ratio", numerator={"name": "net"}, denominator={"name": "spend"})
    marts = marts_of(_manifest(NET, SPEND, mixed))
    assert set(marts["rpt_a"].metrics) == {"net"}
    assert set(marts["rpt_b"].metrics) == {"spend"}


def test_the_time_column_is_what_stands_behind_the_time_dimension() -> None:
    marts = marts_of(_manifest(NET))
    assert marts["rpt_a"].time_column == "sale_date"
    assert marts["rpt_b"].time_column is None


def test_money_shows_whole_units_and_money_per_order_shows_cents() -> None:
    ratio = _metric(
        "r", "ratio", "currency", numerator={"name": "net"}, denominator={"name": "orders"}
    )
    mart = marts_of(_manifest(NET, ORDERS, ratio))["rpt_a"]
    assert (mart.metric("net").d3_format, mart.metric("r").d3_format) == (",.0f", ",.2f")


def test_an_unknown_format_or_a_filter_is_refused() -> None:
    with pytest.raises(SemanticsError, match="unknown format 'stars'"):
        marts_of(_manifest(_metric("m", "simple", "stars", measure={"name": "net"})))
    filtered = NET | {"filter": {"where_filters": []}}
    with pytest.raises(SemanticsError, match="put the condition in its measure"):
        marts_of(_manifest(filtered))


def test_column_names_become_words() -> None:
    assert column_label("latest_record_date") == "Newest record"
    assert column_label("cohort_customers_count") == "Cohort customers"
    assert column_label("is_complete") == "Complete"
