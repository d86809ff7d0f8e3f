"""Forecasts and anomalies of real series, beside what an owner would use instead.

The forecasts are made as ``forecast_sales`` publishes them, from several origins, with nothing of
the days after. The pizzeria's sales are in the repository; Prophet's examples and Numenta's
labelled series are read from ``../shared/data/examples`` if they are there. Left out are monthly
series: the forecasts are daily.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich import print as show

from ml import anomalies
from ml.calendar import bridge_closed_days
from ml.candidates import CANDIDATES, Context
from ml.sales_forecast import HORIZONS, forecast_sales
from warehouse.home import PROJECT_ROOT

PIZZA = PROJECT_ROOT / "sandbox" / "samples" / "pizza" / "inbox" / "sales"
EXAMPLES = PROJECT_ROOT.parent / "shared" / "data" / "examples"
# File of Prophet's examples -> how readings of one day become one, country of its holidays.
PROPHET_EXAMPLES = {
    "wp_log_peyton_manning": ("sum", "US"),
    "wp_log_R": ("sum", "US"),
    "pedestrians_covid": ("sum", "AU"),
    "yosemite_temps": ("mean", "US"),
}
LOGARITHMS = ("wp_log_peyton_manning", "wp_log_R")
ORIGINS, QUICK_ORIGINS, DAYS_BETWEEN_ORIGINS = 6, 3, 35
NAIVE = {each.name: each.forecast for each in CANDIDATES if each.is_naive}
METHODS = ("ours", "Prophet", "AutoETS", *NAIVE)
# A season of hourly series is a day of 24, where that of daily ones is a week of 7.
HOURS_PER_DAY = 24
Z_THRESHOLD = 3.5
RATIO = "ours ÷ best naive rule"

LOWEST_SCORE, ALARMS_PER_WEEK = 2.0, (1, 2)

Values = npt.NDArray[np.float64]
Span = tuple[pd.Timestamp, pd.Timestamp]


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    figures: dict[str, dict[str, Any]] = {}
    for name, (series, country) in _daily_series().items():
        figures |= _judged(name, series, country, QUICK_ORIGINS if quick else ORIGINS)
    # What one series' best rule was is known afterwards only; over all of them we must not lose.
    ratios = [figure["value"] for name, figure in figures.items() if RATIO in name]
    over_all = f"all series and horizons: {RATIO}, geometric mean"
    figures[over_all] = _figure(float(np.exp(np.mean(np.log(ratios)))), "×", 1.0)
    if (EXAMPLES / "nab-open").exists():
        for folder in ("realAdExchange", "realTraffic"):
            figures |= _alarms(folder)
    else:
        show(f"skipped: no labelled anomalies in {EXAMPLES / 'nab-open'}")
    return figures


def _figure(value: float, unit: str = "", limit: float | None = None) -> dict[str, Any]:
    passes = None if limit is None else value <= limit
    return {"value": value, "unit": unit, "limit": limit, "passes": passes}


def _daily_series() -> dict[str, tuple[pd.Series[float], str]]:
    """Name -> one value a day (NaN where there is none), country."""
    lines = (
        pd.read_csv(PIZZA / "order_details.csv")
        .merge(pd.read_csv(PIZZA / "orders.csv"), on="order_id")
        .merge(pd.read_csv(PIZZA / "pizzas.csv"), on="pizza_id")
    )
    sales = (lines["price"] * lines["quantity"]).groupby(pd.to_datetime(lines["date"])).sum()
    found = {"pizza place": (sales.asfreq("D"), "US")}
    for name, (how, country) in PROPHET_EXAMPLES.items():
        path = EXAMPLES / "prophet-examples" / f"example_{name}.csv"
        if not path.exists():
            show(f"skipped: {name} is not in {path.parent}")
            continue
        rows = pd.read_csv(path, parse_dates=["ds"]).dropna()
        series = rows.groupby(rows["ds"].dt.normalize())["y"].agg(how).asfreq("D")
        # A day without a reading is not a day of nothing, as it would be of a shop.
        filled = pd.Series(bridge_closed_days(series), index=series.index)
        found[name] = (filled, country)
    return found


def _judged(
    name: str,
    series: pd.Series[float],
    country: str,
    origins: int,
) -> dict[str, dict[str, Any]]:
    """Errors per method and horizon over all origins from which ours published."""
    errors: Counter[tuple[str, int]] = Counter()
    actuals: Counter[int] = Counter()
    days: Counter[int] = Counter()
    published: Counter[int] = Counter()
    held: list[tuple[bool, bool]] = []
    for number in range(origins):
        offset = max(HORIZONS) + number * DAYS_BETWEEN_ORIGINS
        past = series.iloc[:-offset] if offset < len(series) else series.iloc[:0]
        ours = _ours(past, country)
        peers = _peers(past) if ours else {}
        for horizon, rows in ours.items():
            actual = series.iloc[len(past) : len(past) + horizon]
            known = actual.notna().to_numpy()
            forecasts = {"ours": rows["forecast_amount"].to_numpy(float), **peers}
            for method, ahead in forecasts.items():
                errors[method, horizon] += np.abs(ahead[:horizon] - actual)[known].sum()
            actuals[horizon] += actual[known].sum()
            days[horizon] += known.sum()
            published[horizon] += 1
            inside = [
                actual.between(
                    rows[f"lower_{level}_amount"].to_numpy(float),
                    rows[f"upper_{level}_amount"].to_numpy(float),
                )[known]
                for level in (80, 95)
            ]
            held.extend(zip(*inside, strict=True))
    figures = {}
    if held:
        share = np.array(held, dtype=float).mean(axis=0)
        figures[f"{name}: 80 % intervals hold"] = _figure(share[0])
        figures[f"{name}: 95 % intervals hold"] = _figure(share[1])
    for horizon in HORIZONS:
        at = f"{name}, {horizon} days"
        if not published[horizon]:
            figures[f"{at}: too few days, refused"] = _figure(len(series), "days")
            continue
        wape = {method: errors[method, horizon] / actuals[horizon] for method in METHODS}
        best = min(NAIVE, key=lambda rule: wape[rule])
        for method in ("ours", "Prophet", "AutoETS"):
            figures[f"{at}: WAPE {method}"] = _figure(wape[method])
        figures[f"{at}: WAPE {best}"] = _figure(wape[best])
        figures[f"{at}: {RATIO}, {published[horizon]} origins"] = _figure(
            wape["ours"] / wape[best], "×"
        )
        if name in LOGARITHMS:
            for method in ("ours", "Prophet"):
                figures[f"{at}: MAE of logarithms {method}"] = _figure(
                    errors[method, horizon] / days[horizon]
                )
    return figures


def _ours(past: pd.Series[float], country: str) -> dict[int, pd.DataFrame]:
    """Published forecasts of a series by horizon."""
    if past.empty:
        return {}
    sales = pd.DataFrame({
        "sale_date": past.index, "location_name": "All", "category_name": "All",
        "net_amount": past.to_numpy(),
    }).dropna()  # fmt: skip
    found = forecast_sales(sales, past.index[-1].date(), country_code=country).forecasts
    rows = found.query("row_type == 'forecast' and series_key == 'total'")
    return {int(horizon): group for horizon, group in rows.groupby("horizon_days")}


def _peers(past: pd.Series[float]) -> dict[str, Values]:
    """Each single method's forecast of the longest horizon."""
    from statsforecast.models import AutoETS

    longest = max(HORIZONS)
    for name in ("prophet.plot", "cmdstanpy"):
        logging.getLogger(name).disabled = True
    from prophet import Prophet

    model = Prophet(uncertainty_samples=0)
    model.fit(pd.DataFrame({"ds": past.index, "y": past.to_numpy()}))
    ahead = pd.DataFrame({"ds": pd.date_range(past.index[-1], periods=longest + 1)[1:]})
    return {
        "Prophet": model.predict(ahead)["yhat"].to_numpy(),
        "AutoETS": AutoETS(season_length=7).forecast(bridge_closed_days(past), longest)["mean"],
        **{name: rule(past, longest, Context("US")) for name, rule in NAIVE.items()},
    }


@dataclass(frozen=True)
class _Labelled:
    """Runs of hours with a score, by either method, beside the windows that people marked."""

    windows: Sequence[Span]
    ours: Sequence[tuple[Span, float]]
    z_scores: pd.Series[float]
    weeks: float

    def alarms(self, method: str, threshold: float) -> Sequence[Span]:
        if method == "ours":
            return [run for run, score in self.ours if score >= threshold]
        return _runs_above(self.z_scores, threshold)


def _labelled(path: Path, windows: Collection[Sequence[str]]) -> _Labelled:
    hours = _hourly(path)
    first = hours.index[_first_judged()]
    spans = [(pd.Timestamp(start).floor("h"), pd.Timestamp(end)) for start, end in windows]
    return _Labelled(
        [span for span in spans if span[1] >= first],
        [(run, score) for run, score in _our_runs(hours) if run[0] >= first],
        _rolling_z_scores(hours)[first:],
        (hours.index[-1] - first) / pd.Timedelta(weeks=1),
    )


def _alarms(folder: str) -> dict[str, dict[str, Any]]:
    """Labelled windows found, and alarms outside of any: as they come, and with equal budgets."""
    windows = json.loads((EXAMPLES / "nab-open" / "combined_windows.json").read_text())
    series = [
        _labelled(path, windows[f"{folder}/{path.name}"])
        for path in sorted((EXAMPLES / "nab-open" / folder).glob("*.csv"))
    ]
    weeks = sum(each.weeks for each in series)
    ways = {
        "ours as it comes": ("ours", anomalies.THRESHOLD),
        f"z-score from {Z_THRESHOLD}": ("z-score", Z_THRESHOLD),
    }
    for budget in ALARMS_PER_WEEK:
        for method in ("ours", "z-score"):
            threshold = _threshold_within(series, method, budget * weeks)
            ways[f"{method}, {budget} alarms a week"] = (method, threshold)
    figures = {}
    for way, (method, threshold) in ways.items():
        counts = [_hits(each.alarms(method, threshold), each.windows) for each in series]
        hits, false = (sum(column) for column in zip(*counts, strict=True))
        due = sum(len(each.windows) for each in series)
        at = f"anomalies NAB: {folder}, {way}"
        figures[f"{at}: windows found of {due}"] = _figure(hits)
        figures[f"{at}: false alarms a week and series"] = _figure(false / weeks)
    return figures


def _threshold_within(series: Sequence[_Labelled], method: str, alarms: float) -> float:
    """The lowest common threshold that gives no more alarms than so many."""
    return next(
        threshold
        for threshold in np.arange(LOWEST_SCORE, 1_000, 0.1)
        if sum(len(each.alarms(method, threshold)) for each in series) <= alarms
    )


def _hourly(path: Path) -> pd.Series[float]:
    rows = pd.read_csv(path, parse_dates=["timestamp"])
    return rows.groupby(rows["timestamp"].dt.floor("h"))["value"].mean().asfreq("h")


def _first_judged() -> int:
    """Hours to learn from: the daily finder's eight weeks and the two until it knows a spread."""
    return anomalies.MINIMUM_SEASONS * HOURS_PER_DAY + 2 * 7


def _our_runs(hours: pd.Series[float]) -> list[tuple[Span, float]]:
    """The daily finder with an hour for a day and a day for a week; the readings are no counts."""
    steps = pd.date_range("2000-01-01", periods=len(hours))
    days = pd.DataFrame({
        "series_key": "all", "metric": "reading", "day": steps, "value": hours.to_numpy(),
        "noise_count": 1e6,
    }).dropna()  # fmt: skip
    found = anomalies.find_anomalies(
        days, steps[-1].date(), threshold=LOWEST_SCORE, season_length=HOURS_PER_DAY
    ).found
    began = steps[0].date()
    return [
        (
            (hours.index[(run.first_date - began).days], hours.index[(run.last_date - began).days]),
            abs(run.z_score),
        )
        for run in found.itertuples()
    ]


def _rolling_z_scores(hours: pd.Series[float]) -> pd.Series[float]:
    """Distance from the median of the days before, in robust standard deviations."""
    window = anomalies.SCALE_SEASONS * HOURS_PER_DAY
    least = anomalies.MINIMUM_SEASONS * HOURS_PER_DAY // 2
    past = hours.shift(1).rolling(window, min_periods=least)
    middle = past.median()
    spread = past.apply(lambda seen: np.nanmedian(np.abs(seen - np.nanmedian(seen))), raw=True)
    return ((hours - middle) / (anomalies.DEVIATIONS_PER_MAD * spread)).abs()


def _runs_above(scores: pd.Series[float], threshold: float) -> list[Span]:
    """Neighbouring hours are one alarm, of at most as many hours as the finder's runs."""
    runs: list[Span] = []
    for hour in scores.index[scores >= threshold]:
        is_next = runs and hour - runs[-1][1] <= pd.Timedelta(hours=1)
        is_short = runs and hour - runs[-1][0] < pd.Timedelta(hours=anomalies.LONGEST_RUN)
        if is_next and is_short:
            runs[-1] = (runs[-1][0], hour)
        else:
            runs.append((hour, hour))
    return runs


def _hits(
    runs: Collection[Span],
    windows: Collection[Span],
) -> tuple[int, int]:
    """Windows with an alarm in them, and alarms in no window."""

    def meets(run: Span, window: Span) -> bool:
        return bool(run[0] <= window[1] and run[1] >= window[0])

    return (
        sum(any(meets(run, window) for run in runs) for window in windows),
        sum(not any(meets(run, window) for window in windows) for run in runs),
    )
