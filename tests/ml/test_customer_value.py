"""Customer values: proof on the hold-out, ranges that hold, refusals where too little is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ml.churn import RULES, SUBJECT, forecast_churn
from ml.customer_value import forecast_customer_values, judge_lifetimes, purchase_days
from sandbox.world import World, WorldSettings, generate
from tests.record_shop import purchases

RECORD_SHOP_END = date(1998, 6, 30)


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    names = {"customer_id": "customer_key", "purchase_date": "order_date"}
    rows = purchases().rename(columns=names)
    return rows.assign(margin_amount=rows["net_amount"] * 0.4)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two years of a shop whose customers arrive, buy and leave by Pareto/NBD."""
    made = generate(WorldSettings(11, 2.0, 60.0), tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def world_orders(world: World) -> pd.DataFrame:
    rows = world.rows(
        """select cast(person_id as varchar), cast(placed_local as date),
            sum(gross_cents - discount_cents) / 100.0,
            sum(gross_cents - discount_cents - quantity * coalesce(unit_cost_cents, 0)) / 100.0
        from orders join order_lines using (order_id) left join variants using (variant_id)
        where not is_test and person_id > 0 group by order_id, person_id, placed_local
        having sum(gross_cents - discount_cents) > 0"""
    )
    columns = ["customer_key", "order_date", "net_amount", "margin_amount"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"net_amount": float, "margin_amount": float})


def _by_model(evaluations: pd.DataFrame) -> pd.DataFrame:
    return evaluations.pivot(index="model", columns="metric", values="value")


def test_the_hold_out_of_the_record_shop_beats_the_rules(records: pd.DataFrame) -> None:
    """The same-rate rule is 56 % too high on the 39 weeks after 1997-09-30."""
    judged = judge_lifetimes(purchase_days(records), RECORD_SHOP_END)
    figures = _by_model(judged.evaluations)
    assert figures.loc["same_rate", "total_error"] == pytest.approx(0.56, abs=0.01)
    for model in ("bg_nbd", "pareto_nbd"):
        assert abs(figures.loc[model, "total_error"]) < 0.05
        assert figures.loc[model, "mae"] < figures.loc["same_rate", "mae"] - 0.1
    chosen = figures.loc[judged.model_name]
    rules = figures.loc[["same_rate", "mean", "zero"]]
    assert chosen["rmse"] < rules["rmse"].min() - 0.2
    # Half of all never come back: a mean error rewards the rule that expects nobody.
    assert chosen["median_mae"] < rules["median_mae"].min() - 0.05
    assert chosen["coverage_80"] >= 0.8
    assert chosen["coverage_80_exact"] == pytest.approx(0.8, abs=0.04)


def test_values_are_ranged_discounted_and_in_margin(records: pd.DataFrame) -> None:
    found = forecast_customer_values(records, RECORD_SHOP_END, seed=1)
    rows = found.forecasts
    assert len(rows) == 2357
    assert found.refusals.empty
    assert (rows["lower_80_margin_12m_amount"] <= rows["upper_80_margin_12m_amount"]).all()
    whole = rows["expected_margin_12m_amount"].sum()
    # Margin is 40 % of net sales; a year's discount of 10 % takes a little under 5 %.
    assert whole / rows["expected_net_12m_amount"].sum() == pytest.approx(0.4, abs=0.04)
    assert rows["discounted_margin_12m_amount"].sum() / whole == pytest.approx(0.957, abs=0.005)
    lower, upper = found.parameters["margin_12m_of_all_customers"]
    assert lower < whole < upper
    assert (upper - lower) / whole < 0.2
    again = forecast_customer_values(records, RECORD_SHOP_END, seed=1)
    pd.testing.assert_frame_equal(rows, again.forecasts, check_exact=True)
    due = pd.to_datetime(rows["next_purchase_date"].dropna())
    assert due.between("1998-07-01", "1999-06-30").all()
    assert 100 < len(due) < 1_500


def test_unknown_costs_leave_margins_empty_and_say_so(records: pd.DataFrame) -> None:
    found = forecast_customer_values(records.assign(margin_amount=np.nan), RECORD_SHOP_END)
    assert found.forecasts["expected_margin_12m_amount"].isna().all()
    assert found.forecasts["expected_orders_12m"].notna().all()
    assert found.refusals["subject"].tolist() == ["customer margin"]


@pytest.mark.parametrize("last_days", [0, 1, 7, 30, 60])
def test_young_shops_are_refused_with_what_is_missing(
    records: pd.DataFrame, last_days: int
) -> None:
    until = date(1997, 1, 1) + timedelta(days=last_days - 1)
    found = forecast_customer_values(records, until)
    assert found.forecasts.empty
    (reason,) = found.refusals["reason"]
    assert reason.startswith("Not enough data: ")
    assert last_days == 0 or "182 days and 20 repeat customers" in reason


def test_one_customer_is_refused_and_few_have_priors(records: pd.DataFrame) -> None:
    one = records[records["customer_key"] == records["customer_key"].iloc[0]]
    assert forecast_customer_values(one, RECORD_SHOP_END).forecasts.empty
    few = records[records["customer_key"] <= 300]
    found = forecast_customer_values(few, RECORD_SHOP_END)
    assert found.parameters["has_priors"] is True
    assert np.isfinite(found.forecasts["expected_orders_12m"]).all()


def test_models_that_lose_to_a_rule_are_not_published(records: pd.DataFrame) -> None:
    """Weekly customers who all stop on one day: what nobody could foresee."""
    rows = [
        (f"c{number}", pd.Timestamp("2025-01-01") + pd.Timedelta(days=7 * week + number % 7))
        for number in range(60)
        for week in range(30)
    ]
    frame = pd.DataFrame(rows, columns=["customer_key", "order_date"])
    frame = frame.assign(net_amount=10.0, margin_amount=5.0)
    found = forecast_customer_values(frame, date(2025, 12, 31))
    assert found.forecasts.empty
    assert "No model beat the simple rules" in found.refusals["reason"].iloc[0]
    assert not found.evaluations["is_selected"].any()


def test_the_worlds_customers_are_foreseen_better_than_by_any_rule(
    world: World, world_orders: pd.DataFrame
) -> None:
    ends = date(2026, 9, 30)
    judged = judge_lifetimes(purchase_days(world_orders), ends)
    figures = _by_model(judged.evaluations)
    rules = figures.loc[["same_rate", "mean", "zero"]]
    assert figures.loc[judged.model_name, "rmse"] < 0.8 * rules["rmse"].min()
    assert figures.loc[judged.model_name, "median_mae"] < 0.8 * rules["median_mae"].min()
    off = figures["total_error"].abs()
    assert off[judged.model_name] < 0.7 * off[rules.index].min()

    churn = _by_model(
        forecast_churn(world_orders, ends).evaluations.query(f"subject == '{SUBJECT}'")
    )
    best_rule = churn.loc[list(RULES)]
    model = churn.drop(index=list(RULES))["pr_auc"].idxmax()
    assert churn.loc[model, "pr_auc"] > best_rule["pr_auc"].max() + 0.02
    assert churn.loc[model, "brier"] < best_rule["brier"].min() - 0.01


def test_who_is_said_to_be_alive_still_lives_in_the_world(
    world: World, world_orders: pd.DataFrame
) -> None:
    """The world knows who has left; a purchase gap alone tells it worse."""
    found = forecast_customer_values(world_orders, date(2026, 9, 30)).forecasts
    truth = pd.DataFrame(
        world.rows("select cast(person_id as varchar), arrived_day + lifetime_days from people"),
        columns=["customer_key", "left_day"],
    )
    rows = found.merge(truth, on="customer_key")
    rows["lives"] = rows["left_day"] > world.settings["years"] * 365
    last = world_orders.groupby("customer_key")["order_date"].max()
    rows = rows.set_index("customer_key").assign(last=pd.to_datetime(last))
    several = rows[rows["model"].eq("pareto_nbd") | (rows["is_alive_probability"] < 1)]
    ours = roc_auc_score(several["lives"], several["is_alive_probability"])
    gap = roc_auc_score(several["lives"], several["last"].astype("int64"))
    assert ours > gap + 0.01
    assert several["is_alive_probability"].mean() == pytest.approx(
        several["lives"].mean(), abs=0.12
    )
