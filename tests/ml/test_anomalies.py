"""Days that were not as usual: planted ones are found, and quiet weeks stay quiet."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import holidays
import numpy as np
import pandas as pd

from ml.anomalies import MINIMUM_DAYS, find_anomalies
from sandbox.world import World, WorldSettings, generate

DAYS = pd.date_range("2025-01-01", periods=200)


def _days(values: np.ndarray, key: str = "total", metric: str = "orders") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series_key": key, "metric": metric, "day": DAYS[: len(values)].date,
            "value": values, "noise_count": values,
        }
    )  # fmt: skip


def _usual(seed: int = 1, level: float = 100.0) -> np.ndarray:
    """Poisson days, busier at the weekend."""
    busy = np.where(DAYS.day_of_week >= 5, 1.6, 1.0)
    return np.random.default_rng(seed).poisson(level * busy).astype(float)


def test_a_weak_weekend_is_one_run_and_a_strong_one_another() -> None:
    values = _usual()
    values[100:102] *= 0.5
    values[150] *= 2
    found = find_anomalies(_days(values), DAYS[-1].date(), threshold=4).found
    assert list(found["direction"]) == ["below", "above"]
    assert (found["first_date"].iloc[0], found["last_date"].iloc[0]) == (
        DAYS[100].date(), DAYS[101].date(),
    )  # fmt: skip
    assert abs(found["difference_rate"].iloc[1] - 1) < 0.3


def test_a_closed_saturday_a_holiday_and_the_past_of_an_anomaly_are_none() -> None:
    values = _usual()
    values[120] *= 3
    days = _days(values).drop(index=[108])
    explained = {"total": [DAYS[120].date()]}
    found = find_anomalies(days, DAYS[-1].date(), explained=explained, threshold=4).found
    assert found.empty
    # A week later the same weekday is judged by what is usual, not by the strong day.
    values[127] *= 0.5
    found = find_anomalies(_days(values), DAYS[-1].date(), threshold=4).found
    assert DAYS[127].date() in set(found["first_date"])


def test_no_day_is_judged_by_the_days_after_it() -> None:
    values = _usual()
    values[100] *= 2
    whole = find_anomalies(_days(values), DAYS[-1].date()).found
    early = find_anomalies(_days(values), DAYS[110].date()).found
    known = whole[whole["last_date"] <= DAYS[107].date()]
    pd.testing.assert_frame_equal(known, early[early["last_date"] <= DAYS[107].date()])


def test_small_series_are_refused() -> None:
    """Three orders instead of one are no news."""
    values = np.random.default_rng(4).poisson(1.5, len(DAYS)).astype(float)
    result = find_anomalies(_days(values), DAYS[-1].date())
    assert result.found.empty
    assert "Too few events" in result.refusals["reason"].iloc[0]


def test_a_day_of_returns_alone_is_half_an_order_and_not_minus_infinity() -> None:
    values = _usual() * 20
    values[140] = 0
    days = _days(values).assign(noise_count=_usual())
    found = find_anomalies(days, DAYS[-1].date(), threshold=4).found
    assert list(found["first_date"]) == [DAYS[140].date()]
    assert -80 < found["z_score"].iloc[0] < -10


def test_rates_are_judged_by_what_their_events_allow_and_averages_are_weighed() -> None:
    """Fewer than five of the rarer outcome a day say nothing; five times as many of many do."""
    rng = np.random.default_rng(3)
    visits = np.full(len(DAYS), 400.0)
    bought = rng.binomial(400, 0.05, len(DAYS)).astype(float)
    bought[150] = 60
    rows = _days(bought / visits, metric="conversion_rate").assign(
        noise_count=visits, unit_amount=visits * 30.0
    )
    kinds = {"conversion_rate": "rate"}
    found = find_anomalies(rows, DAYS[-1].date(), kinds=kinds).found
    run = found.loc[found["z_score"].idxmax()]
    assert (len(found), run["first_date"]) == (2, DAYS[150].date())
    assert run["direction"] == "above"
    assert abs(run["actual_value"] - 0.15) < 1e-9
    # Forty orders more than usual, each worth 30.
    assert 30 * 35 < run["impact_amount"] < 30 * 45
    assert find_anomalies(rows, DAYS[-1].date(), kinds=kinds, least_impact=2_000).found.empty
    few = rows.assign(noise_count=40.0, value=rng.binomial(40, 0.05, len(DAYS)) / 40)
    result = find_anomalies(few, DAYS[-1].date(), kinds=kinds)
    assert result.found.empty
    assert "Too few events" in result.refusals["reason"].iloc[0]


def test_quiet_rates_raise_few_alarms() -> None:
    """On two years of rates without anything planted, less than one alarm in ten weeks."""
    rng = np.random.default_rng(8)
    days = pd.date_range("2024-01-01", periods=728)
    rows = pd.DataFrame({
        "series_key": "total", "metric": "conversion_rate", "day": days.date,
        "value": rng.binomial(300, 0.04, len(days)) / 300, "noise_count": 300.0,
    })  # fmt: skip
    found = find_anomalies(rows, days[-1].date(), kinds={"conversion_rate": "rate"}).found
    assert len(found) <= 10


def test_the_part_that_moved_is_the_cause() -> None:
    north, south = _usual(1), _usual(2)
    south[130] *= 0.2
    days = pd.concat(
        [_days(north + south), _days(north, "location:North"), _days(south, "location:South")]
    )
    found = find_anomalies(
        days, DAYS[-1].date(), parts={"total": ["location:North", "location:South"]}, threshold=3.5
    ).found
    total = found[(found["series_key"] == "total") & (found["first_date"] == DAYS[130].date())]
    assert list(total["cause_series_key"]) == ["location:South"]
    assert total["cause_difference_value"].iloc[0] < -50


def test_too_few_days_are_refused_and_nothing_crashes() -> None:
    for count in (0, 1, 7, 30, MINIMUM_DAYS - 1):
        result = find_anomalies(_days(_usual()[:count]), DAYS[-1].date())
        assert result.found.empty
        assert len(result.refusals) == (1 if count else 0)
    flat = find_anomalies(_days(np.full(200, 50.0)), DAYS[-1].date())
    assert flat.found.empty
    assert find_anomalies(_days(np.zeros(200)), DAYS[-1].date()).found.empty


def test_planted_anomalies_of_a_generated_business_are_found_and_quiet_weeks_stay_quiet(
    tmp_path: Path,
) -> None:
    """Recall and false alarms of four places over two years, against the truth."""
    generate(WorldSettings(seed=2, years=2, orders_per_day=600), tmp_path).close()
    ends_at = World(tmp_path).ends_at
    world = World(tmp_path, now=ends_at)
    rows = world.rows(
        "select place_id, cast(placed_local as date), count(*) from orders where not is_test "
        "group by 1, 2"
    )
    orders = pd.DataFrame(rows, columns=["place", "day", "value"])
    days = orders.assign(
        series_key=orders["place"].astype(str), metric="orders", noise_count=orders["value"]
    )
    planted = world.rows("select place_id, from_date, days_count from anomalies")
    world.close()
    last = orders["day"].max()
    festive = set(holidays.country_holidays("US", years=range(2023, 2028)))
    explained = dict.fromkeys(days["series_key"].unique(), festive)
    found = find_anomalies(days, last, explained=explained).found
    first = orders["day"].min() + timedelta(days=MINIMUM_DAYS + 14)
    spans = [(str(place), day, day + timedelta(days=count - 1)) for place, day, count in planted]
    due = [span for span in spans if span[1] >= first and span[1] not in festive]

    def overlaps(run: object, span: tuple[str, date, date]) -> bool:
        return (
            run.series_key == span[0]  # type: ignore[attr-defined]
            and run.first_date <= span[2]  # type: ignore[attr-defined]
            and run.last_date >= span[1]  # type: ignore[attr-defined]
        )

    runs = list(found.itertuples())
    recall = np.mean([any(overlaps(run, span) for run in runs) for span in due])
    false_alarms = sum(not any(overlaps(run, span) for span in spans) for run in runs)
    assert len(due) >= 10
    assert recall >= 0.9
    assert false_alarms / ((last - first).days / 7) <= 1
