"""Verdicts of price tests: right as often as they say, silent where the test is broken."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ml.price_tests import VERDICT_COLUMNS, judge_price_tests

FIRST, LAST = date(2026, 8, 1), date(2026, 9, 30)
COST = 6.0


def _days(
    dice: np.random.Generator, *, name: str = "t", days: int = 28, visitors: float = 60,
    rates: tuple[float, ...] = (0.08, 0.08), prices: tuple[float, ...] = (10.0, 10.0),
) -> pd.DataFrame:  # fmt: skip
    """Visitors that buy by chance; both arms meet the same good and bad days."""
    mood = np.exp(dice.normal(0, 0.3, days))
    rows = []
    for arm, (rate, price) in enumerate(zip(rates, prices, strict=True)):
        seen = dice.poisson(visitors * mood)
        bought = dice.binomial(seen, np.minimum(rate * mood, 1))
        units = bought + dice.binomial(bought, 0.2)
        rows.append(pd.DataFrame({
            "test_name": name, "variant_name": "ABC"[arm],
            "test_date": [FIRST + timedelta(days=day) for day in range(days)],
            "visitors_count": seen, "orders_count": bought, "net_amount": units * price,
            "cost_amount": units * COST,
        }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def _arms(days: pd.DataFrame, *, is_mismatched: bool = False) -> pd.DataFrame:
    arms = days[["test_name", "variant_name"]].drop_duplicates()
    return arms.assign(is_sample_ratio_mismatched=is_mismatched)


def test_equal_prices_are_told_apart_no_more_often_than_said() -> None:
    dice = np.random.default_rng(20)
    count = 600
    days = pd.concat([_days(dice, name=f"t{number:03d}") for number in range(count)])
    verdicts = judge_price_tests(days, _arms(days), LAST)
    wrong = float(verdicts["verdict"].isin(["keep_old", "take_new"]).mean())
    # Three standard errors of a share of 5 % of 600.
    assert wrong == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / count) ** 0.5)


def test_three_arms_share_the_chance_of_a_false_alarm() -> None:
    dice = np.random.default_rng(21)
    count = 300
    days = pd.concat([
        _days(dice, name=f"t{number:03d}", rates=(0.08,) * 3, prices=(10.0,) * 3)
        for number in range(count)
    ])  # fmt: skip
    verdicts = judge_price_tests(days, _arms(days), LAST)
    assert len(verdicts) == 2 * count
    false = verdicts["verdict"].isin(["keep_old", "take_new"]).groupby(verdicts["test_name"]).any()
    assert float(false.mean()) < 0.05 + 3 * (0.05 * 0.95 / count) ** 0.5


def test_intervals_cover_the_true_difference() -> None:
    dice = np.random.default_rng(22)
    days = pd.concat([
        _days(dice, name=f"t{number:03d}", rates=(0.08, 0.06), prices=(10.0, 12.0))
        for number in range(300)
    ])  # fmt: skip
    verdicts = judge_price_tests(days, _arms(days), LAST)
    # Visitors on good days buy more often: E[mood²] / E[mood] of a lognormal is e^(1.5 σ²).
    lift = np.exp(1.5 * 0.3**2)
    truth = 1.2 * lift * (0.06 * 6.0 - 0.08 * 4.0)
    covered = (verdicts["lower_difference_amount"] <= truth) & (
        truth <= verdicts["upper_difference_amount"]
    )
    assert 0.91 <= float(covered.mean()) <= 0.985


def test_a_price_that_loses_most_buyers_is_not_taken() -> None:
    days = _days(np.random.default_rng(1), visitors=300, rates=(0.08, 0.02), prices=(10.0, 11.0))
    verdict = judge_price_tests(days, _arms(days), LAST).iloc[0]
    assert verdict["verdict"] == "keep_old"
    assert verdict["reason"].startswith("Keep the old price: B earns ")
    assert verdict["upper_difference_amount"] < 0


def test_a_price_that_earns_more_is_taken() -> None:
    days = _days(np.random.default_rng(2), visitors=300, rates=(0.08, 0.075), prices=(10.0, 12.0))
    verdict = judge_price_tests(days, _arms(days), LAST).iloc[0]
    assert verdict["verdict"] == "take_new"
    assert verdict["reason"].startswith("Take the new price: ")


def test_unbalanced_visitors_make_no_verdict_however_clear_the_difference() -> None:
    days = _days(np.random.default_rng(1), visitors=300, rates=(0.08, 0.02))
    verdict = judge_price_tests(days, _arms(days, is_mismatched=True), LAST).iloc[0]
    assert verdict["verdict"] == "invalid"
    assert pd.isna(verdict["difference_amount"])


def test_a_running_test_is_not_looked_at() -> None:
    days = _days(np.random.default_rng(1), visitors=300, rates=(0.08, 0.02))
    last = FIRST + timedelta(days=27)
    verdict = judge_price_tests(days, _arms(days), last).iloc[0]
    assert verdict["verdict"] == "running"
    assert pd.isna(verdict["p_value"])
    assert (
        judge_price_tests(days, _arms(days), last + timedelta(1)).iloc[0]["verdict"] == "keep_old"
    )


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (_days(np.random.default_rng(1), days=7), "each price needs 14 days and 30 orders"),
        (_days(np.random.default_rng(1), visitors=1), "each price needs 14 days and 30 orders"),
        (_days(np.random.default_rng(1)).query("variant_name == 'A'"), "there is one price only"),
        (_days(np.random.default_rng(1)).assign(cost_amount=np.nan), "enter the cost"),
    ],
)
def test_too_few_data_are_refused_with_what_is_missing(days: pd.DataFrame, reason: str) -> None:
    verdict = judge_price_tests(days, _arms(days), LAST).iloc[0]
    assert verdict["verdict"] == "too_few_data"
    assert reason in verdict["reason"]


def test_without_tests_there_are_no_verdicts() -> None:
    none = _days(np.random.default_rng(1)).iloc[:0]
    verdicts = judge_price_tests(none, _arms(none), LAST)
    assert verdicts.empty
    assert list(verdicts.columns) == list(VERDICT_COLUMNS)
