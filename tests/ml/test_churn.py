"""Churn scores: judged on what they have not seen, better than rules, and blind to the future."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml import churn
from ml.churn import (
    CustomerChurn,
    churn_features,
    churn_horizon,
    explain_scores,
    forecast_churn,
    lift_at,
)  # fmt: skip
from ml.customer_value import purchase_days

AS_OF = date(2026, 9, 30)


def simulated_orders(customers: int, *, seed: int = 3, days: int = 700) -> pd.DataFrame:
    """Pareto/NBD customers: about one purchase a month, and half a year of stay."""
    dice = np.random.default_rng(seed)
    arrived = dice.uniform(0, days, customers)
    rate = dice.gamma(0.8, 1 / 22.0, customers)
    stays = dice.exponential(1 / dice.gamma(1.2, 1 / 200.0, customers))
    rows = []
    for number in range(customers):
        until = min(days, arrived[number] + stays[number])
        more = dice.uniform(
            arrived[number], until, dice.poisson(rate[number] * (until - arrived[number]))
        )
        rows += [(f"c{number:05d}", int(day)) for day in (arrived[number], *more)]
    orders = pd.DataFrame(rows, columns=["customer_key", "day"])
    first = pd.Timestamp(AS_OF) - pd.Timedelta(days=days - 1)
    amount = dice.gamma(4, 5, len(orders))
    return pd.DataFrame(
        {
            "customer_key": orders["customer_key"],
            "order_date": first + pd.to_timedelta(orders["day"], unit="D"),
            "net_amount": amount,
            "margin_amount": amount * 0.5,
        }
    )


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return simulated_orders(3_000)


@pytest.fixture(scope="module")
def found(orders: pd.DataFrame) -> CustomerChurn:
    return forecast_churn(orders, AS_OF, seed=1)


def _figures(found: CustomerChurn, subject: str = churn.SUBJECT) -> pd.DataFrame:
    rows = found.evaluations[found.evaluations["subject"] == subject]
    return rows.pivot(index="model", columns="metric", values="value")


def test_the_published_score_beats_every_rule_on_customers_it_has_not_seen(
    found: CustomerChurn,
) -> None:
    figures = _figures(found)
    (chosen,) = found.evaluations.loc[found.evaluations["is_selected"], "model"].unique()
    assert chosen not in churn.RULES
    rules = figures.loc[list(churn.RULES)]
    assert figures.loc[chosen, "pr_auc"] > rules["pr_auc"].max() + 0.02
    assert figures.loc[chosen, "brier"] < rules["brier"].min() - 0.01
    assert figures.loc[chosen, "lift_10"] > rules["lift_10"].max()
    gap = figures.loc[chosen, "expected_share"] - figures.loc[chosen, "observed_share"]
    assert abs(gap) < 0.08
    assert set(found.scores["customer_key"]) >= {"c00001", "c00002"}
    assert found.scores["churn_probability"].between(0, 1).all()


def test_features_do_not_change_with_what_happens_after_the_cut(orders: pd.DataFrame) -> None:
    cut = AS_OF - timedelta(days=100)
    days = purchase_days(orders)
    before = days[days["order_date"] <= pd.Timestamp(cut)]
    invented = before.sample(500, random_state=1).assign(
        order_date=pd.Timestamp(cut) + pd.Timedelta(days=1), net_amount=9_999.0
    )
    changed = pd.concat([before, invented]).sort_values(["customer_key", "order_date"])
    pd.testing.assert_frame_equal(
        churn_features(days, cut, 60), churn_features(changed, cut, 60)
    )  # fmt: skip


def test_the_same_seed_gives_the_same_scores(found: CustomerChurn, orders: pd.DataFrame) -> None:
    again = forecast_churn(orders.sample(frac=1, random_state=2), AS_OF, seed=1)
    pd.testing.assert_frame_equal(found.scores, again.scores, check_exact=True)


def test_the_horizon_follows_the_customers_own_intervals() -> None:
    def horizon(every: int) -> int | None:
        rows = [
            (f"c{number}", pd.Timestamp("2026-01-01") + pd.Timedelta(days=every * visit))
            for number in range(30)
            for visit in range(4)
        ]
        frame = pd.DataFrame(rows, columns=["customer_key", "order_date"])
        return churn_horizon(purchase_days(frame.assign(net_amount=1.0, margin_amount=1.0)))

    assert [horizon(every) for every in (2, 30, 400)] == [14, 35, 182]


def test_where_no_model_helps_the_best_rule_is_published_and_said_so(
    orders: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The only model that is tried here sees nothing but what a purchase is worth."""
    monkeypatch.setattr(churn, "CANDIDATES", {"logistic": churn._logistic})
    monkeypatch.setattr(churn, "FEATURES", ("mean_net_amount", "recency_days"))
    blind = orders.assign(net_amount=1.0)
    monkeypatch.setattr(churn, "_matrix", lambda rows: rows[["mean_net_amount"]].to_numpy())
    monkeypatch.setattr(churn, "explain_scores", lambda rows, *_: [""] * len(rows))
    found = forecast_churn(blind, AS_OF)
    (chosen,) = found.evaluations.loc[found.evaluations["is_selected"], "model"].unique()
    assert chosen == "recency"
    assert set(found.scores["model"]) == {"recency"}
    assert "No model beat the rule recency" in found.evaluations["note"].iloc[0]
    late = found.scores["churn_probability"].to_numpy()
    assert late.max() > 0.9 > 0.5 > late.min()


def test_a_score_that_is_too_good_is_called_suspect(
    orders: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every customer comes like clockwork or never again, which no real shop sees."""
    clock = [
        (f"k{number:04d}", pd.Timestamp(AS_OF) - pd.Timedelta(days=day), 10.0, 5.0)
        for number in range(1_200)
        for day in range(400 - number % 7, max(0, number // 2 - 200), -7)
    ]
    found = forecast_churn(pd.DataFrame(clock, columns=list(orders.columns)), AS_OF)
    note = found.evaluations["note"].iloc[0]
    assert "is suspect: look for features that know the future" in note
    assert "suspect" not in forecast_churn(orders, AS_OF).evaluations["note"].iloc[0]


def test_reasons_name_what_moved_the_score() -> None:
    usual = {
        "recency_days": 10.0, "lateness": 0.5, "quiet_log_odds": -1.0, "orders_count": 8.0,
        "usual_gap_days": 20.0, "age_days": 200.0, "recent_orders": 2.0, "earlier_orders": 2.0,
        "mean_net_amount": 20.0,
    }  # fmt: skip
    rows = pd.DataFrame(
        [usual, {**usual, "recency_days": 45.0}, usual, {**usual, "orders_count": 1.0}]
    )
    said = explain_scores(
        rows, lambda f: f["recency_days"].to_numpy() - 9 * f["orders_count"].to_numpy(), 60
    )
    assert said == [
        "Much like the usual customer.",
        "Higher risk: last purchase 45 days ago, usual interval 20 days.",
        "Much like the usual customer.",
        "Higher risk: 1 purchase in 200 days.",
    ]


def test_lift_takes_ties_in_part() -> None:
    lost = np.array([1.0, 1, 0, 0, 0, 0, 0, 0, 1, 0])
    assert lift_at(lost, np.arange(10.0), 0.2) == pytest.approx(0.5 / 0.3)
    assert lift_at(lost, np.ones(10), 0.2) == pytest.approx(1.0)


def test_a_short_past_shortens_the_horizon_down_to_the_usual_interval() -> None:
    """Half come every 20 days, half every 60: 63 days need 252, and 21 days 112 at least."""
    rows = [
        (f"c{number}", pd.Timestamp(AS_OF) - pd.Timedelta(days=number % 20 + every * visit))
        for number in range(500)
        for every in [20 if number % 2 else 60]
        for visit in range(300 // every)
    ]
    frame = pd.DataFrame(rows, columns=["customer_key", "order_date"])
    days = purchase_days(frame.assign(net_amount=1.0, margin_amount=1.0))

    def horizon(length: int) -> int | str:
        first = pd.Timestamp(AS_OF) - pd.Timedelta(days=length)
        return churn._judgeable_horizon(days[days["order_date"] >= first], AS_OF)

    assert horizon(290) == 63
    assert 35 <= int(horizon(200)) < 63
    assert "need 168 days" in str(horizon(100))


@pytest.mark.parametrize("last_days", [0, 1, 7, 30, 60])
def test_too_little_is_refused_with_what_is_missing(orders: pd.DataFrame, last_days: int) -> None:
    begin = pd.Timestamp(AS_OF) - pd.Timedelta(days=last_days)
    found = forecast_churn(orders[orders["order_date"] > begin], AS_OF)
    assert found.scores.empty
    (reason,) = found.refusals["reason"]
    assert reason.startswith("Not enough data:")


def test_one_customer_and_few_customers_are_refused(orders: pd.DataFrame) -> None:
    for count in (1, 150):
        some = orders[orders["customer_key"] < f"c{count:05d}"]
        assert forecast_churn(some, AS_OF).refusals["reason"].str.contains("Not enough data").all()
