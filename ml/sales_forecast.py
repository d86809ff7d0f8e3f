"""Daily sales forecasts for 7, 30 and 90 days, each with the proof that earned it.

For every series (total, locations, categories) and horizon all candidate methods are judged by
rolling origins; the best one makes the forecast, and intervals come from its own past errors.
With too few days there is no forecast but a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from joblib import Parallel, delayed

from ml.backtest import (
    LEVELS,
    OriginErrors,
    backtest,
    coverage,
    days_needed,
    interval_bounds,
    publishable_forecast,
    relative_errors,
)
from ml.calendar import Values, daily_series, open_day_zeros
from ml.candidates import CANDIDATES, Candidate

HORIZONS = (7, 30, 90)
HISTORY_DAYS = 90

FORECAST_COLUMNS = (
    "series_key", "series_level", "series_name", "as_of_date", "horizon_days", "sale_date",
    "row_type", "actual_amount", "forecast_amount", "lower_80_amount", "upper_80_amount",
    "lower_95_amount", "upper_95_amount", "model",
)  # fmt: skip
BACKTEST_COLUMNS = (
    "series_key", "series_level", "series_name", "horizon_days", "model", "is_selected", "wape",
    "best_naive_model", "best_naive_wape", "coverage_80", "coverage_95", "n_origins",
    "n_observations", "reason",
)  # fmt: skip
REFUSAL_COLUMNS = ("series_key", "horizon_days", "n_observations", "reason")


@dataclass(frozen=True)
class SalesForecast:
    """Forecasts, evidence and refusals; columns as in the constants of this module."""

    forecasts: pd.DataFrame
    backtests: pd.DataFrame
    refusals: pd.DataFrame


@dataclass(frozen=True)
class _Series:
    level: str
    name: str
    values: pd.Series[float]

    @property
    def key(self) -> str:
        return self.level if self.level == "total" else f"{self.level}:{self.name}"

    @property
    def fingerprint(self) -> tuple[pd.Timestamp, bytes]:
        """Equal for series with the same days and values."""
        return self.values.index[0], self.values.to_numpy().tobytes()


def forecast_sales(
    sales: pd.DataFrame,
    as_of_date: date,
    *,
    country_code: str,
    closures: Collection[date] = (),
    horizons: Sequence[int] = HORIZONS,
    candidates: Sequence[Candidate] = CANDIDATES,
    jobs: int = 2,
) -> SalesForecast:
    """Forecast the total, each location and each category.

    Args:
        sales: columns ``sale_date``, ``location_name``, ``category_name``, ``net_amount``; one
            currency; several rows a day are added up.
        as_of_date: last complete day; "today" is never asked of the clock.
        country_code: ISO 3166 country whose public holidays Prophet knows.
        closures: days on which the whole business is or was closed by plan.
        horizons: days ahead.
        candidates: methods to compare; at least one of them naive.
        jobs: processes to share the back-tests among.

    Returns:
        Forecast rows (with the last 90 days as they were), one evidence row per series,
        horizon and method, and one refusal row per series and horizon with too few days.
    """
    all_series = list(_all_series(sales, as_of_date))
    # With one location its series is the total's; what is the same is judged once.
    distinct = {series.fingerprint: series for series in all_series}
    outcomes = Parallel(n_jobs=jobs)(
        delayed(backtest)(
            series.values, horizons, candidates, country_code=country_code, closures=closures
        )
        for series in distinct.values()
    )
    errors_by_series = dict(zip(distinct, outcomes, strict=True))

    forecasts: list[pd.DataFrame] = []
    evidence: list[dict[str, object]] = []
    refusals: list[dict[str, object]] = []
    for series in all_series:
        errors = errors_by_series[series.fingerprint]
        for horizon in horizons:
            judged = {
                candidate.name: errors[horizon, candidate.name]
                for candidate in candidates
                if (horizon, candidate.name) in errors
            }
            if not judged:
                refusals.append(_refusal(series, horizon))
                continue
            best = min(candidates, key=lambda candidate: judged[candidate.name].wape)
            evidence.extend(_evidence(series, horizon, candidates, judged, best))
            ahead = publishable_forecast(series.values, horizon, best, country_code, closures)
            forecasts.append(_rows(series, horizon, best, ahead, judged[best.name], as_of_date))
    return SalesForecast(
        pd.concat(forecasts, ignore_index=True)
        if forecasts
        else pd.DataFrame(columns=list(FORECAST_COLUMNS)),
        pd.DataFrame(evidence, columns=list(BACKTEST_COLUMNS)),
        pd.DataFrame(refusals, columns=list(REFUSAL_COLUMNS)),
    )


def _all_series(sales: pd.DataFrame, as_of_date: date) -> Iterator[_Series]:
    total = daily_series(sales, last_date=as_of_date)
    if total.empty:
        return
    yield _Series("total", "Total", total)
    for name, rows in sales.groupby("location_name", sort=True):
        yield _Series("location", str(name), daily_series(rows, last_date=as_of_date))
    for name, rows in sales.groupby("category_name", sort=True):
        part = daily_series(rows, last_date=as_of_date)
        if not part.empty:
            # A category's season begins with its first sale, not with the business.
            whole = total[total.index >= part.index[0]]
            yield _Series("category", str(name), open_day_zeros(part, whole))


def _refusal(series: _Series, horizon: int) -> dict[str, object]:
    days = len(series.values)
    return {
        "series_key": series.key,
        "horizon_days": horizon,
        "n_observations": days,
        "reason": f"Not enough data: {series.name} has {days} days, a {horizon}-day forecast "
        f"needs {days_needed(horizon)} to prove itself.",
    }


def _evidence(
    series: _Series,
    horizon: int,
    candidates: Sequence[Candidate],
    judged: dict[str, OriginErrors],
    best: Candidate,
) -> Iterator[dict[str, object]]:
    naive = min((c for c in candidates if c.is_naive), key=lambda c: judged[c.name].wape)
    naive_wape = judged[naive.name].wape
    for candidate in candidates:
        errors = judged[candidate.name]
        is_selected = candidate is best
        covered = [coverage(errors, level) if is_selected else None for level in LEVELS]
        yield {
            "series_key": series.key,
            "series_level": series.level,
            "series_name": series.name,
            "horizon_days": horizon,
            "model": candidate.name,
            "is_selected": is_selected,
            "wape": errors.wape,
            "best_naive_model": naive.name,
            "best_naive_wape": naive_wape,
            "coverage_80": covered[0],
            "coverage_95": covered[1],
            "n_origins": len(errors.actual),
            "n_observations": int(series.values.notna().sum()),
            "reason": _reason(candidate, best, errors.wape, judged[best.name].wape, naive_wape),
        }


def _reason(
    candidate: Candidate, best: Candidate, wape: float, best_wape: float, naive_wape: float
) -> str:
    if candidate is not best:
        return f"Error {wape:.1%}, {best.name} has {best_wape:.1%}."
    if candidate.is_naive:
        return f"Lowest error ({wape:.1%}): no model beat this simple rule."
    return f"Lowest error ({wape:.1%}); the best simple rule has {naive_wape:.1%}."


def _rows(
    series: _Series,
    horizon: int,
    best: Candidate,
    ahead: Values,
    errors: OriginErrors,
    as_of_date: date,
) -> pd.DataFrame:
    history = series.values.iloc[-HISTORY_DAYS:].dropna()
    first_day = series.values.index[-1] + pd.Timedelta(days=1)
    future = pd.date_range(first_day, periods=horizon, freq="D")
    relative = relative_errors(errors)
    forecast = pd.DataFrame({"sale_date": future, "row_type": "forecast", "forecast_amount": ahead})
    for level in LEVELS:
        lower, upper = interval_bounds(relative, level)
        percent = round(level * 100)
        forecast[f"lower_{percent}_amount"] = ahead * max(1 + lower, 0.0)
        forecast[f"upper_{percent}_amount"] = ahead * (1 + upper)
    actual = pd.DataFrame(
        {"sale_date": history.index, "row_type": "actual", "actual_amount": history.to_numpy()}
    )
    rows = pd.concat([actual, forecast], ignore_index=True)
    return rows.assign(
        series_key=series.key,
        series_level=series.level,
        series_name=series.name,
        as_of_date=as_of_date,
        horizon_days=horizon,
        model=best.name,
    ).reindex(columns=list(FORECAST_COLUMNS))
