"""Daily sales forecasts for 7, 30 and 90 days, each with the proof that earned it.

For every series (total, locations, categories, both together, leading products) and horizon the
candidate methods are judged by rolling origins. The best ones make the forecasts, which are then
made to add up and judged again as they are published; intervals come from their own past errors.
What is no better than a naive rule is not published, nor is what has too few days: there is a
reason instead.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from ml.backtest import (
    LEVELS,
    MINIMUM_ORIGINS,
    OriginErrors,
    calibrated_width,
    coverage,
    days_needed,
    forecasts_from_origins,
    interval_bounds,
    makeshift,
    relative_errors,
    usable_offsets,
)
from ml.calendar import Values, closed_ahead
from ml.candidates import CANDIDATES, Candidate, Context
from ml.evidence import refusal_rows
from ml.hierarchy import AGGREGATES, PUBLISHED, Hierarchy, Node, hierarchy, reconciled

HORIZONS = (7, 30, 90)
HISTORY_DAYS = 90
# A series that lost against a naive rule by adding up is held at its own forecast this much more.
HOLD, HOLDS = 30.0, 4

FORECAST_COLUMNS = (
    "series_key", "series_level", "series_name", "as_of_date", "horizon_days", "sale_date",
    "row_type", "actual_amount", "forecast_amount", "lower_80_amount", "upper_80_amount",
    "lower_95_amount", "upper_95_amount", "model",
)  # fmt: skip
BACKTEST_COLUMNS = (
    "series_key", "series_level", "series_name", "horizon_days", "model", "is_selected", "wape",
    "rmse", "best_naive_model", "best_naive_wape", "best_naive_rmse", "coverage_80", "coverage_95",
    "n_origins", "n_observations", "reason",
)  # fmt: skip
REVIEW_COLUMNS = (
    "series_key", "series_level", "series_name", "horizon_days", "origin_date", "sale_date",
    "forecast_amount", "actual_amount",
)  # fmt: skip


@dataclass(frozen=True)
class SalesForecast:
    """Forecasts and back-tests by the constants of this module; refusals per series and horizon.

    ``backtest_days`` holds what was foretold of the newest days and what came: of the total,
    places and categories, from the past origins of the shortest horizon.
    """

    forecasts: pd.DataFrame
    backtests: pd.DataFrame
    backtest_days: pd.DataFrame
    refusals: pd.DataFrame


def forecast_sales(
    sales: pd.DataFrame,
    as_of_date: date,
    *,
    country_code: str,
    closures: Collection[tuple[date, str | None]] = (),
    promotions: Collection[date] = (),
    horizons: Sequence[int] = HORIZONS,
    candidates: Sequence[Candidate] = CANDIDATES,
    jobs: int = 2,
) -> SalesForecast:
    """Forecast the total, each location, category and leading product; the parts add up.

    Args:
        sales: columns ``sale_date``, ``location_name``, ``category_name``, ``net_amount`` and, if
            products are told apart, ``product_name``; one currency, any number of rows a day.
        as_of_date: last complete day; "today" is never asked of the clock.
        country_code: ISO 3166 country whose public holidays Prophet knows.
        closures: days on which a location (None: all of them) is or was closed by plan.
        promotions: days, past and future, on which something is on offer by plan.
        horizons: days ahead.
        candidates: methods to compare; at least one of them naive.
        jobs: processes to share the back-tests among.

    Returns:
        Forecast rows (with the last 90 days as they were), one evidence row per series,
        horizon and method, and one refusal row per series and horizon without a forecast.
    """
    tree = hierarchy(sales, as_of_date)
    if tree is None:
        return _gathered([], [], [], [])
    context = Context(country_code, frozenset(promotions))
    closed = {
        place: {day for day, where in closures if where in (None, place)}
        for place in map(str, tree.is_open)
    }
    run = _Run(tree, candidates, context, closed, horizons, jobs)
    forecasts: list[pd.DataFrame] = []
    evidence: list[dict[str, object]] = []
    reviews: list[pd.DataFrame] = []
    refusals: list[tuple[str, int, str]] = []
    for horizon in horizons:
        outcome = run.judged(horizon)
        refusals.extend(_refusals(run, outcome, horizon))
        widths_of = {is_aggregate: _widths(outcome, is_aggregate) for is_aggregate in (True, False)}
        for node, verdict in outcome.items():
            widths = widths_of[verdict.is_aggregate]
            evidence.extend(_evidence(run, node, horizon, verdict, widths))
            if horizon == min(horizons) and verdict.is_aggregate:
                reviews.append(_review(run, node, horizon, verdict))
            if verdict.is_proven:
                forecasts.append(_rows(run, node, horizon, verdict, widths, as_of_date))
    return _gathered(forecasts, evidence, reviews, refusals)


def _widths(outcome: Mapping[Node, _Verdict], is_aggregate: bool) -> dict[float, float]:
    """Small series are uncertain in other ways than large ones."""
    alike = [each.foretold for each in outcome.values() if each.is_aggregate == is_aggregate]
    return {level: calibrated_width(alike, level) for level in LEVELS}


def _gathered(
    forecasts: list[pd.DataFrame],
    evidence: list[dict[str, object]],
    reviews: list[pd.DataFrame],
    refusals: list[tuple[str, int, str]],
) -> SalesForecast:
    return SalesForecast(
        _together(forecasts, FORECAST_COLUMNS),
        pd.DataFrame(evidence, columns=list(BACKTEST_COLUMNS)),
        _together(reviews, REVIEW_COLUMNS),
        refusal_rows(refusals),
    )


def _together(frames: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    if not frames:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class _Verdict:
    """How a series did at one horizon: each method by itself, and what is published.

    Below the aggregates a forecast of the mean is wanted, so squared errors decide: the least
    absolute error of what is rarely sold has a forecast of nothing.

    ``foretold`` are the errors with each origin's method chosen on the other origins: those of the
    chosen one on the days it was chosen for are too small for an interval.
    """

    is_aggregate: bool
    by_itself: Mapping[str, OriginErrors]
    published: OriginErrors
    foretold: OriginErrors
    selected: Candidate
    naive: Candidate
    ahead: Values

    @property
    def is_proven(self) -> bool:
        """No worse than the best naive rule, but for what a computer rounds."""
        naive = _error(self.by_itself[self.naive.name], is_aggregate=self.is_aggregate)
        return _error(self.published, is_aggregate=self.is_aggregate) <= naive * (1 + 1e-9)


def _error(errors: OriginErrors, *, is_aggregate: bool) -> float:
    return errors.wape if is_aggregate and math.isfinite(errors.wape) else errors.rmse


class _Run:
    """The series of one business with every method's forecasts from every origin."""

    def __init__(
        self,
        tree: Hierarchy,
        candidates: Sequence[Candidate],
        context: Context,
        closed: Mapping[str, Collection[date]],
        horizons: Sequence[int],
        jobs: int,
    ) -> None:
        self.tree, self.candidates, self.context, self.closed = tree, candidates, context, closed
        # Series of the same cells are one: with a single location its series is the total's.
        self.unique: dict[bytes, Node] = {}
        for node in tree.nodes:
            self.unique.setdefault(node.cells.tobytes(), node)
        self.row_of = {cells: row for row, cells in enumerate(self.unique)}
        self.series = [tree.series(node) for node in self.unique.values()]
        self.sums = np.array([node.cells for node in self.unique.values()], dtype=float)
        self.is_aggregate = [node.level in AGGREGATES for node in self.unique.values()]
        self.methods = [
            [each for each in candidates if each.levels is None or node.level in each.levels]
            for node in self.unique.values()
        ]
        self.forecasts: list[dict[tuple[str, int], Values]] = Parallel(n_jobs=jobs)(
            delayed(forecasts_from_origins)(series, horizons, methods, context)
            for series, methods in zip(self.series, self.methods, strict=True)
        )

    def judged(self, horizon: int) -> dict[Node, _Verdict]:
        """Every series that can be judged at a horizon; empty with too few days."""
        offsets = usable_offsets(len(self.tree.days), horizon)
        if len(offsets) < MINIMUM_ORIGINS:
            return {}
        trials = _Trials(self, horizon, offsets)
        verdicts = trials.verdicts()
        return {
            node: verdicts[self.row_of[node.cells.tobytes()]]
            for node in self.tree.nodes
            if node.level in PUBLISHED and self.row_of[node.cells.tobytes()] in verdicts
        }

    def open_ahead(self, offset: int, horizon: int) -> npt.NDArray[np.bool_]:
        """Whether each cell can be sold on the days after an origin, shape (cells, days)."""
        end = len(self.tree.days) - offset
        first_day = self.tree.days[end - 1] + pd.Timedelta(days=1)
        future = pd.date_range(first_day, periods=horizon, freq="D")
        past = self.tree.is_open.iloc[:end].astype(float).replace(0.0, np.nan)
        by_place = {
            place: ~closed_ahead(past[place], future, closed)
            for place, closed in self.closed.items()
        }
        return np.array([by_place[place] for place in self.tree.places])


class _Trials:
    """All origins of one horizon; the last one is the end of the data."""

    def __init__(self, run: _Run, horizon: int, offsets: Sequence[int]) -> None:
        self.run, self.horizon, self.origins = run, horizon, (*offsets, 0)
        self.open = [run.open_ahead(offset, horizon) for offset in self.origins]
        sold = run.tree.cells @ run.sums.T
        # A day without any sale counts as sales of 0: an unforeseen closure is an error too.
        self.actual = np.stack(
            [sold[len(sold) - offset :][:horizon].T for offset in offsets], axis=1
        )
        self.errors = [self._errors(row) for row in range(len(run.series))]
        self.selected = {row: self._best(row) for row, errors in enumerate(self.errors) if errors}
        self.foretold = self._foretold()

    def verdicts(self) -> dict[int, _Verdict]:
        """Per series, with the forecasts that leave fewest aggregates behind a naive rule."""
        attempts = [self._verdicts(published) for published in self._attempts()]
        total = 0
        return min(
            attempts,
            key=lambda verdicts: (len(self._unproven(verdicts)), verdicts[total].published.wape),
        )

    def _attempts(self) -> Iterator[Values]:
        """Each series' best method, the losers held ever more; else what is half or all naive."""
        variances = self._variances()
        best = self._published(self.selected, variances)
        published = best
        for _ in range(HOLDS):
            yield published
            unproven = self._unproven(self._verdicts(published))
            if not unproven:
                return
            variances[unproven] /= HOLD
            published = self._published(self.selected, variances)
        equal = np.ones(len(variances))
        for method in self.run.candidates:
            if method.is_naive:
                naive = self._published(dict.fromkeys(self.selected, method), equal)
                yield (best + naive) / 2
                yield naive

    def _published(self, methods: Mapping[int, Candidate], variances: Values) -> Values:
        """Forecasts that add up from every origin, shape (series, origins, days)."""
        return self._reconciled([methods] * len(self.origins), variances)

    def _reconciled(self, methods: Sequence[Mapping[int, Candidate]], variances: Values) -> Values:
        """With the methods of each origin; all in one go, as the equations are the same."""
        base = [self._base(each, number) for number, each in enumerate(methods)]
        is_open = np.hstack(self.open[: len(methods)])
        found = reconciled(self.run.sums, np.hstack(base), variances, is_open)
        return found.reshape(len(found), len(methods), self.horizon)

    def _base(self, methods: Mapping[int, Candidate], number: int) -> Values:
        """Each series' forecast by itself, shape (series, days)."""
        return np.array(
            [
                self._alone(row, methods[row], number)
                if row in methods and number in {*self._usable(row), len(self.origins) - 1}
                else makeshift(series, self.origins[number], self.horizon, self.run.context)
                * self._is_open(row, number)
                for row, series in enumerate(self.run.series)
            ]
        )

    def _verdicts(self, published: Values) -> dict[int, _Verdict]:
        return {
            row: _Verdict(
                self.run.is_aggregate[row],
                self.errors[row],
                self._of_usable(published, row),
                self._of_usable(self.foretold, row),
                selected,
                self._best(row, only_naive=True),
                published[row][-1],
            )
            for row, selected in self.selected.items()
        }

    def _of_usable(self, forecasts: Values, row: int) -> OriginErrors:
        usable = self._usable(row)
        return OriginErrors(forecasts[row][usable], self.actual[row][usable])

    def _foretold(self) -> Values:
        """Forecasts that add up from every past origin, none of which chose its own methods."""
        methods = [
            {row: self._best(row, unseen=number) for row in self.selected}
            for number in range(len(self.origins) - 1)
        ]
        return self._reconciled(methods, self._variances())

    def _unproven(self, verdicts: Mapping[int, _Verdict]) -> list[int]:
        return [row for row, each in verdicts.items() if each.is_aggregate and not each.is_proven]

    def _usable(self, row: int) -> list[int]:
        """Origins that leave a series enough to learn from."""
        known = usable_offsets(len(self.run.series[row]), self.horizon)
        return [number for number, offset in enumerate(self.origins[:-1]) if offset in known]

    def _errors(self, row: int) -> dict[str, OriginErrors]:
        """Of each method by itself; nothing for a series that is too young."""
        usable = self._usable(row)
        if len(usable) < MINIMUM_ORIGINS:
            return {}
        return {
            method.name: OriginErrors(
                np.array([self._alone(row, method, number) for number in usable]),
                self.actual[row][usable],
            )
            for method in self.run.methods[row]
        }

    def _alone(self, row: int, method: Candidate, number: int) -> Values:
        """A method's forecast as it would be published by itself: 0 on closed days."""
        ahead = self.run.forecasts[row][method.name, self.origins[number]][: self.horizon]
        return np.where(self._is_open(row, number), ahead, 0.0)

    def _is_open(self, row: int, number: int) -> npt.NDArray[np.bool_]:
        """Whether any of a series' cells can be sold on the days after an origin."""
        return np.asarray(self.open[number][self.run.sums[row] > 0].any(axis=0))

    def _best(self, row: int, *, only_naive: bool = False, unseen: int | None = None) -> Candidate:
        methods = [each for each in self.run.methods[row] if each.is_naive or not only_naive]
        seen = [number != unseen for number in self._usable(row)]
        return min(
            methods,
            key=lambda method: _error(
                self.errors[row][method.name].of(seen), is_aggregate=self.run.is_aggregate[row]
            ),
        )

    def _variances(self) -> Values:
        return np.array([self._variance(row) for row in range(len(self.run.series))])

    def _variance(self, row: int) -> float:
        """Mean squared error; of a series that is too young the mean square of its sales."""
        if row in self.selected:
            found = self.errors[row][self.selected[row].name].rmse ** 2
        else:
            found = float(np.mean(self.actual[row] ** 2))
        return max(found, 1e-6)


def _refusals(
    run: _Run, outcome: Mapping[Node, _Verdict], horizon: int
) -> Iterator[tuple[str, int, str]]:
    for node in run.tree.nodes:
        if node.level not in PUBLISHED or (node in outcome and outcome[node].is_proven):
            continue
        days = len(run.series[run.row_of[node.cells.tobytes()]])
        reason = (
            f"No method did better than a simple rule for {node.name}, {horizon} days ahead."
            if node in outcome
            else f"Not enough data: {node.name} has {days} days, a {horizon}-day forecast "
            f"needs {days_needed(horizon)} to prove itself."
        )
        yield f"{node.key}, {horizon} days", days, reason


def _evidence(
    run: _Run, node: Node, horizon: int, verdict: _Verdict, widths: Mapping[float, float]
) -> Iterator[dict[str, object]]:
    series = run.series[run.row_of[node.cells.tobytes()]]
    naive = verdict.by_itself[verdict.naive.name]
    for name, alone in verdict.by_itself.items():
        is_selected = name == verdict.selected.name and verdict.is_proven
        errors = verdict.published if is_selected else alone
        covered = [
            coverage(verdict.foretold, level, widths[level]) if is_selected else None
            for level in LEVELS
        ]
        yield {
            "series_key": node.key,
            "series_level": node.level,
            "series_name": node.name,
            "horizon_days": horizon,
            "model": name,
            "is_selected": is_selected,
            "wape": errors.wape,
            "rmse": errors.rmse,
            "best_naive_model": verdict.naive.name,
            "best_naive_wape": naive.wape,
            "best_naive_rmse": naive.rmse,
            "coverage_80": covered[0],
            "coverage_95": covered[1],
            "n_origins": len(errors.actual),
            "n_observations": int(series.notna().sum()),
            "reason": _reason(name, errors, verdict, is_selected=is_selected),
        }


def _reason(name: str, errors: OriginErrors, verdict: _Verdict, *, is_selected: bool) -> str:
    error = _in_words(errors)
    if is_selected and name == verdict.naive.name:
        return f"Error {error}: no model beat this simple rule."
    if is_selected:
        naive = _in_words(verdict.by_itself[verdict.naive.name])
        return f"Error {error} as published; the best simple rule has {naive}."
    if verdict.is_proven:
        chosen = _in_words(verdict.published)
        return f"Error {error}, {verdict.selected.name} has {chosen} as published."
    return f"Error {error}; nothing is published, no method beat a simple rule."


def _in_words(errors: OriginErrors) -> str:
    if math.isfinite(errors.wape):
        return f"{errors.wape:.1%}"
    return f"{errors.rmse:,.2f} a day, where nothing was sold"


def _rows(
    run: _Run,
    node: Node,
    horizon: int,
    verdict: _Verdict,
    widths: Mapping[float, float],
    as_of_date: date,
) -> pd.DataFrame:
    series = run.series[run.row_of[node.cells.tobytes()]]
    history = series.iloc[-HISTORY_DAYS:].dropna()
    future = pd.date_range(run.tree.days[-1] + pd.Timedelta(days=1), periods=horizon, freq="D")
    relative = relative_errors(verdict.foretold)
    forecast = pd.DataFrame(
        {"sale_date": future, "row_type": "forecast", "forecast_amount": verdict.ahead}
    )
    for level in LEVELS:
        lower, upper = interval_bounds(relative, level, widths[level])
        percent = round(level * 100)
        forecast[f"lower_{percent}_amount"] = verdict.ahead * max(1 + lower, 0.0)
        forecast[f"upper_{percent}_amount"] = verdict.ahead * (1 + upper)
    # Each level is stretched by itself; the wider promise is kept by the wider interval.
    forecast["lower_95_amount"] = forecast[["lower_95_amount", "lower_80_amount"]].min(axis=1)
    forecast["upper_95_amount"] = forecast[["upper_95_amount", "upper_80_amount"]].max(axis=1)
    actual = pd.DataFrame(
        {"sale_date": history.index, "row_type": "actual", "actual_amount": history.to_numpy()}
    )
    rows = pd.concat([actual, forecast], ignore_index=True)
    return rows.assign(
        series_key=node.key,
        series_level=node.level,
        series_name=node.name,
        as_of_date=as_of_date,
        horizon_days=horizon,
        model=verdict.selected.name,
    ).reindex(columns=list(FORECAST_COLUMNS))


def _review(run: _Run, node: Node, horizon: int, verdict: _Verdict) -> pd.DataFrame:
    """What was foretold from each past origin, by a method that it did not help to choose."""
    series = run.series[run.row_of[node.cells.tobytes()]]
    known = usable_offsets(len(series), horizon)
    offsets = [each for each in usable_offsets(len(run.tree.days), horizon) if each in known]
    ends = [len(run.tree.days) - offset for offset in offsets]
    days = pd.concat(
        [
            pd.DataFrame(
                {
                    "origin_date": run.tree.days[end - 1],
                    "sale_date": run.tree.days[end : end + horizon],
                    "forecast_amount": foretold,
                    "actual_amount": actual,
                }
            )
            for end, foretold, actual in zip(
                ends, verdict.foretold.forecast, verdict.foretold.actual, strict=True
            )
        ]
    )
    return days.assign(
        series_key=node.key,
        series_level=node.level,
        series_name=node.name,
        horizon_days=horizon,
    )[list(REVIEW_COLUMNS)]
