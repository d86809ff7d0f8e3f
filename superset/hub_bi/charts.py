"""The kinds of chart our dashboards use, each translated into Superset's parameters.

A kind knows how its chart looks and what it asks of its mart; it knows nothing of
dashboards, ids or files. All kinds here draw without reaching the internet.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from hub_bi.palette import BLUE, CATEGORICAL_SCHEME, ORANGE, SEQUENTIAL_SCHEME, TEAL, rgb
from hub_bi.semantics import Mart, Metric, SemanticsError, column_label

# Replaced by the business's own currency when the bundle is installed.
CURRENCY_PLACEHOLDER = "XXX"
CURRENCY_FORMAT = {"symbol": CURRENCY_PLACEHOLDER, "symbolPosition": "prefix"}
EVERYTHING = "No filter"
DATE_FORMAT = "%d %b %Y"
DATE_TIME_FORMAT = "%d %b %Y %H:%M"

# Columns that a mart does not hold but a chart needs to sort or label by.
CALCULATED_COLUMNS: dict[str, dict[str, tuple[str, str]]] = {
    "rpt_sales_hourly": {
        "weekday": (
            "day_of_week_number || ' ' || substr(day_name, 1, 3)",
            "Day of the week, numbered so that Monday comes first",
        ),
        "hour_of_day": (
            "lpad(sale_hour::text, 2, '0') || ':00'",
            "Hour in which the sale was made, in the shop's own time",
        ),
    },
    "rpt_today_hours": {
        "hour_of_day": (
            "lpad(sale_hour::text, 2, '0') || ':00'",
            "Hour in which the order began, in the shop's own time",
        ),
    },
    "rpt_customer_cohorts": {
        "first_month": (
            "to_char(cohort_month, 'YYYY-MM')",
            "Month of the customer's first order",
        ),
        "months_later": (
            "lpad(months_since_first::text, 2, '0')",
            "Months since the first order",
        ),
    },
    "rpt_anomalies": {
        "measure": (
            "replace(metric, '_', ' ')",
            "What was measured, in words",
        ),
    },
    "rpt_trends": {
        "measure": (
            "replace(metric, '_', ' ')",
            "What was measured, in words",
        ),
    },
    "rpt_price_test_verdicts": {
        "answer": (
            "replace(verdict, '_', ' ')",
            "The verdict, in words",
        ),
    },
    "rpt_profit_steps_daily": {
        "step": (
            "step_number || ' ' || step_name",
            "The step, numbered so that gross sales come first",
        ),
    },
    "rpt_check_results": {
        "urgency": (
            "case status when 'fail' then 1 when 'error' then 1 when 'warn' then 2 else 3 end",
            "1 = failing, 2 = a warning, 3 = passing",
        ),
    },
    "rpt_forecast_accuracy": {
        "days_ahead": (
            "lpad(horizon_days::text, 2, '0') || ' days'",
            "How far ahead the forecast looks",
        ),
        "method": (
            "replace(model, '_', ' ')",
            "The method of the forecast, in words",
        ),
        "rule_of_thumb": (
            "replace(best_naive_model, '_', ' ')",
            "The best simple guess, in words",
        ),
    },
}


# Rates that are no part of a whole: so many times, not so many per cent.
RATIOS = {"turnover_rate", "gmroi_rate", "ltv_to_cac_rate"}


@dataclass(frozen=True)
class Where:
    """A fixed condition of one chart: column, operator (==, !=, >, IN ...) and value."""

    column: str
    value: Any
    operator: str = "=="

    def adhoc_filter(self) -> dict[str, Any]:
        """Return the condition as Superset's chart editor writes it."""
        return {
            "clause": "WHERE",
            "comparator": self.value,
            "expressionType": "SIMPLE",
            "operator": self.operator,
            "subject": self.column,
        }

    def query_filter(self) -> dict[str, Any]:
        """Return the condition as the chart data interface expects it."""
        return {"col": self.column, "op": self.operator, "val": self.value}


@dataclass(frozen=True)
class Latest:
    """The newest value of a date column, in the place of a metric."""

    column: str
    label: str


MetricName = str | Latest


@dataclass(frozen=True)
class Spec:
    """A chart as Superset stores it: its type, parameters and queries."""

    viz_type: str
    params: dict[str, Any]
    queries: list[dict[str, Any]]

    def query_context(self) -> str:
        """Return the query context that CSV reports and the data interface use."""
        return json.dumps(
            {
                "datasource": {"id": 0, "type": "table"},
                "force": False,
                "queries": self.queries,
                "form_data": self.params,
                "result_format": "json",
                "result_type": "full",
            },
            sort_keys=True,
        )


@dataclass(frozen=True, kw_only=True)
class Chart(ABC):
    """What every kind of chart has: fixed conditions and the metrics and columns it reads."""

    where: tuple[Where, ...] = ()
    viz_type: ClassVar[str]

    @abstractmethod
    def spec(self, mart: Mart) -> Spec:
        """Return the chart over a mart; SemanticsError when the mart lacks something."""

    def filters(self, mart: Mart) -> list[dict[str, Any]]:
        """Return the chart's conditions and the slot in which the period filter lands."""
        conditions = [where.adhoc_filter() for where in self.where]
        if mart.time_column:
            period = Where(mart.time_column, EVERYTHING, "TEMPORAL_RANGE")
            conditions.insert(0, period.adhoc_filter())
        return conditions

    def query(self, mart: Mart, **parts: Any) -> dict[str, Any]:
        """Return one query with the chart's conditions."""
        time_slot = (
            [Where(mart.time_column, EVERYTHING, "TEMPORAL_RANGE").query_filter()]
            if mart.time_column
            else []
        )
        return {
            "annotation_layers": [],
            "columns": [],
            "extras": {"having": "", "where": ""},
            "filters": time_slot + [where.query_filter() for where in self.where],
            "metrics": [],
            "orderby": [],
            "row_limit": 1000,
            "time_range": EVERYTHING,
            **parts,
        }


def metric_reference(mart: Mart, metric: MetricName) -> Any:
    """Return a saved metric's name, or the newest value of a date column as an ad-hoc metric."""
    if isinstance(metric, str):
        return mart.metric(metric).name
    if metric.column not in mart.columns:
        raise SemanticsError(f"{mart.name} has no column '{metric.column}'.")
    return sql_metric(f"MAX({metric.column})", metric.label)


def named_metric(mart: Mart, name: str, labels: Mapping[str, str] | None) -> Any:
    """Return a saved metric's name, or the same metric under a label of the chart's own."""
    metric = mart.metric(name)
    if not labels or name not in labels:
        return metric.name
    label = labels[name]
    taken = {known.label for known in mart.metrics.values()}
    if label in taken | {column_label(column) for column in mart.columns}:
        raise SemanticsError(
            f"'{label}' already names a metric or column of {mart.name}; Superset would give the "
            "series that one's colour. Choose another label."
        )
    return sql_metric(metric.expression, label)


def sql_metric(expression: str, label: str) -> dict[str, Any]:
    """Return an ad-hoc metric over SQL with a label of its own."""
    return {
        "expressionType": "SQL",
        "hasCustomLabel": True,
        "label": label,
        "optionName": f"metric_{label}",
        "sqlExpression": expression,
    }


def axis_format(metric: Metric) -> dict[str, Any]:
    """Return the number format of a value axis or label, with the currency where it is money."""
    if metric.format == "currency":
        return {"currency_format": CURRENCY_FORMAT, "y_axis_format": metric.d3_format}
    return {"y_axis_format": {"count": ",d", "decimal": ",.1f"}.get(metric.format, ".1%")}


def column_format(metric: Metric) -> dict[str, Any]:
    """Return how a table shows a metric: whole currency units, no bars in the cells."""
    shown: dict[str, Any] = {"d3NumberFormat": metric.d3_format, "showCellBars": False}
    if metric.format == "currency":
        shown |= {"currencyFormat": CURRENCY_FORMAT}
    return shown


def require_columns(mart: Mart, names: Sequence[str]) -> None:
    """Raise SemanticsError if a chart names a column that its mart does not have."""
    calculated = CALCULATED_COLUMNS.get(mart.name, {})
    for name in names:
        if name not in mart.columns and name not in calculated:
            raise SemanticsError(f"{mart.name} has no column '{name}'.")


@dataclass(frozen=True)
class BigNumber(Chart):
    """One number for the whole period, with a line that shows its course.

    Where the records reach back far enough, the installer shows it beside the same number of
    an earlier period instead of the line (`comparison`); `is_cost` tells that less is better.
    """

    metric: str
    subtitle: str
    grain: str = "P1W"
    is_cost: bool = False
    viz_type = "big_number"

    def spec(self, mart: Mart) -> Spec:
        """Return the number with its trend line."""
        metric = mart.metric(self.metric)
        if mart.time_column is None:
            raise SemanticsError(f"{mart.name} has no time column for a trend.")
        axis = base_axis(mart.time_column, self.grain)
        params = {
            "viz_type": self.viz_type,
            "metric": self.metric,
            "x_axis": mart.time_column,
            "time_grain_sqla": self.grain,
            "aggregation": "raw",
            "adhoc_filters": self.filters(mart),
            "show_trend_line": True,
            "start_y_axis_at_zero": False,
            "header_font_size": 0.5,
            "subtitle": self.subtitle,
            "subtitle_font_size": 0.2,
            "color_picker": rgb(BLUE),
            "time_format": DATE_FORMAT,
            "rolling_type": "None",
            **axis_format(metric),
        }
        trend = self.query(mart, columns=[axis], metrics=[self.metric])
        whole = self.query(mart, metrics=[self.metric])
        return Spec(self.viz_type, params, [trend, whole])


@dataclass(frozen=True)
class Total(Chart):
    """One number, no course."""

    metric: MetricName
    subtitle: str
    viz_type = "big_number_total"

    def spec(self, mart: Mart) -> Spec:
        """Return the number; a `Latest` shows as a date."""
        reference = metric_reference(mart, self.metric)
        if isinstance(self.metric, str):
            shown = axis_format(mart.metric(self.metric))
        else:
            shown = {"force_timestamp_formatting": True}
        params = {
            "viz_type": self.viz_type,
            "metric": reference,
            "adhoc_filters": self.filters(mart),
            "header_font_size": 0.5,
            "subtitle": self.subtitle,
            "subtitle_font_size": 0.2,
            "time_format": DATE_FORMAT,
            **shown,
        }
        return Spec(self.viz_type, params, [self.query(mart, metrics=[reference])])


def base_axis(column: str, grain: str | None) -> dict[str, Any]:
    """Return a column as the x axis of a query, by a time grain where there is one."""
    axis = {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "label": column,
        "sqlExpression": column,
    }
    return axis | ({"timeGrain": grain} if grain else {})


@dataclass(frozen=True)
class OverTime(Chart):
    """Values along time, as bars, a line or an area; by week unless told otherwise.

    `beside_last_year` adds the values of a year before where the records reach back so far.
    """

    metrics: tuple[str, ...]
    shape: str = "bar"
    grain: str = "P1W"
    split_by: str = ""
    stacked: bool = False
    smooth_over: int = 0
    labels: Mapping[str, str] | None = None
    beside_last_year: bool = False
    viz_type = "echarts_timeseries"

    def spec(self, mart: Mart) -> Spec:
        """Return a time-series chart over the mart's time column."""
        if mart.time_column is None:
            raise SemanticsError(f"{mart.name} has no time column.")
        groupby = [self.split_by] if self.split_by else []
        require_columns(mart, groupby)
        first = mart.metric(self.metrics[0])
        metrics = [named_metric(mart, name, self.labels) for name in self.metrics]
        viz_type = f"echarts_timeseries_{self.shape}"
        params = {
            "viz_type": viz_type,
            "x_axis": mart.time_column,
            "time_grain_sqla": self.grain,
            "x_axis_time_format": "%b %y" if self.grain == "P1M" else "%d %b",
            "tooltipTimeFormat": "%B %Y" if self.grain == "P1M" else DATE_FORMAT,
            "metrics": metrics,
            "groupby": groupby,
            "adhoc_filters": self.filters(mart),
            **_series_look(len(self.metrics) > 1 or bool(groupby)),
            **axis_format(first),
        }
        if self.shape == "area":
            params |= {"opacity": 0.25}
        if self.stacked:
            params |= {"stack": "Stack"}
        if self.smooth_over:
            params |= {
                "rolling_type": "mean",
                "rolling_periods": self.smooth_over,
                "min_periods": self.smooth_over // 4,
            }
        query = self.query(
            mart,
            columns=[base_axis(mart.time_column, self.grain), *groupby],
            metrics=metrics,
            series_columns=groupby,
            row_limit=10000,
        )
        return Spec(viz_type, params, [query])


def _series_look(has_legend: bool) -> dict[str, Any]:
    return {
        "color_scheme": CATEGORICAL_SCHEME,
        "show_legend": has_legend,
        "legendOrientation": "top",
        "legendType": "scroll",
        "rich_tooltip": True,
        "showTooltipTotal": False,
        "row_limit": 10000,
        "order_desc": True,
        "truncate_metric": True,
        "truncateXAxis": True,
        "show_empty_columns": True,
        "only_total": True,
        "x_axis_title_margin": 0,
        "y_axis_title_margin": 0,
        "y_axis_title_position": "Left",
        "zoomable": False,
        "minorSplitLine": False,
        "opacity": 0.2,
    }


@dataclass(frozen=True)
class ByCategory(Chart):
    """Bars by a category: lying and ranked for names, standing for ordered categories."""

    metrics: tuple[str, ...]
    by: str
    split_by: str = ""
    lying: bool = True
    limit: int = 10
    in_own_order: bool = False
    labels: Mapping[str, str] | None = None
    viz_type = "echarts_timeseries_bar"

    def spec(self, mart: Mart) -> Spec:
        """Return the bars, the largest first unless the categories have an order of their own."""
        groupby = [self.split_by] if self.split_by else []
        require_columns(mart, [self.by, *groupby])
        first = mart.metric(self.metrics[0])
        metrics = [named_metric(mart, name, self.labels) for name in self.metrics]
        params = {
            "viz_type": self.viz_type,
            "x_axis": self.by,
            "xAxisForceCategorical": True,
            "orientation": "horizontal" if self.lying else "vertical",
            "metrics": metrics,
            "groupby": groupby,
            "adhoc_filters": self.filters(mart),
            **_series_look(len(self.metrics) > 1 or bool(groupby)),
            **axis_format(first),
            **self._order(bool(groupby)),
            "row_limit": self.limit,
            "show_value": not groupby and self.lying and len(self.metrics) == 1,
        }
        if self.lying and first.format == "currency":
            params |= {"y_axis_format": ".3s"}  # whole amounts would run into each other
        if groupby:
            params |= {"stack": "Stack"}
        query = self.query(
            mart,
            columns=[base_axis(self.by, None), *groupby],
            metrics=metrics,
            series_columns=groupby,
            orderby=[[metrics[0], False]],
            row_limit=self.limit,
        )
        return Spec(self.viz_type, params, [query])

    def _order(self, is_split: bool) -> dict[str, Any]:
        if self.in_own_order:
            by = "name" if is_split else self.by
            ascending = not self.lying
        else:
            by = "sum" if is_split else self.metrics[0]
            ascending = self.lying
        if is_split:
            return {"x_axis_sort_series": by, "x_axis_sort_series_ascending": ascending}
        return {"x_axis_sort": by, "x_axis_sort_asc": ascending}


@dataclass(frozen=True)
class Heatmap(Chart):
    """A grid of colours; the values are in the tooltips, not in the cells."""

    metric: str
    x: str
    y: str
    viz_type = "heatmap_v2"

    def spec(self, mart: Mart) -> Spec:
        """Return the heatmap with both axes in the order of their labels."""
        require_columns(mart, [self.x, self.y])
        metric = mart.metric(self.metric)
        params = {
            "viz_type": self.viz_type,
            "x_axis": self.x,
            "groupby": self.y,
            "metric": self.metric,
            "adhoc_filters": self.filters(mart),
            "linear_color_scheme": SEQUENTIAL_SCHEME,
            "legend_type": "continuous",
            "show_legend": False,  # Superset draws its figures dark even on a dark page
            "show_values": False,
            "show_percentage": False,
            "normalize_across": "heatmap",
            "normalized": False,
            "sort_x_axis": "alpha_asc",
            "sort_y_axis": "alpha_desc",
            "left_margin": 5,
            "bottom_margin": 10,
            "xscale_interval": -1,
            "yscale_interval": -1,
            "value_bounds": [None, None],
            "row_limit": 10000,
            "border_width": 2,
            "border_color": {"r": 255, "g": 255, "b": 255, "a": 0.6},
            **axis_format(metric),
        }
        query = self.query(
            mart, columns=[base_axis(self.x, None), self.y], metrics=[self.metric], row_limit=10000
        )
        return Spec(self.viz_type, params, [query])


@dataclass(frozen=True)
class Bubbles(Chart):
    """One bubble per thing: where it stands on two measures, how large on a third."""

    entity: str
    series: str
    x: str
    y: str
    size: str
    x_title: str
    y_title: str
    viz_type = "bubble_v2"

    def spec(self, mart: Mart) -> Spec:
        """Return the bubble chart with both axes named."""
        require_columns(mart, [self.entity, self.series])
        x, y, size = (mart.metric(name) for name in (self.x, self.y, self.size))
        params = {
            "viz_type": self.viz_type,
            "entity": self.entity,
            "series": self.series,
            "x": self.x,
            "y": self.y,
            "size": self.size,
            "adhoc_filters": self.filters(mart),
            "color_scheme": CATEGORICAL_SCHEME,
            "show_legend": True,
            "legendOrientation": "top",
            "legendType": "scroll",
            "max_bubble_size": "25",
            "opacity": 0.75,
            "order_desc": True,
            "row_limit": 500,
            "x_axis_label": self.x_title,
            "y_axis_label": self.y_title,
            "x_axis_title_margin": 30,
            "y_axis_title_margin": 50,
            "truncateXAxis": False,
            "xAxisBounds": [None, None],
            "y_axis_bounds": [None, None],
            "xAxisLabelInterval": None,
            "xAxisFormat": axis_format(x)["y_axis_format"],
            "y_axis_format": ",.2f" if y.format == "currency" else axis_format(y)["y_axis_format"],
            "tooltipSizeFormat": axis_format(size)["y_axis_format"],
        }
        query = self.query(
            mart,
            columns=[self.entity, self.series],
            metrics=[self.x, self.y, self.size],
            orderby=[[self.size, False]],
            row_limit=500,
        )
        return Spec(self.viz_type, params, [query])


@dataclass(frozen=True)
class Share(Chart):
    """A ring that shows how a few categories make up a whole."""

    metric: str
    by: str
    viz_type = "pie"

    def spec(self, mart: Mart) -> Spec:
        """Return the ring with the share beside each part; the names above fit a phone too."""
        require_columns(mart, [self.by])
        metric = mart.metric(self.metric)
        shown = axis_format(metric)
        params = {
            "viz_type": self.viz_type,
            "groupby": [self.by],
            "metric": self.metric,
            "adhoc_filters": self.filters(mart),
            "color_scheme": CATEGORICAL_SCHEME,
            "donut": True,
            "innerRadius": 40,
            "outerRadius": 60,
            "label_type": "percent",
            "labels_outside": True,
            "label_line": True,
            "show_labels": True,
            "show_labels_threshold": 2,
            "show_legend": True,
            "legendOrientation": "top",
            "legendType": "scroll",
            "show_total": False,
            "sort_by_metric": True,
            "number_format": shown["y_axis_format"],
            "currency_format": shown.get("currency_format"),
            "row_limit": 20,
        }
        query = self.query(
            mart,
            columns=[self.by],
            metrics=[self.metric],
            orderby=[[self.metric, False]],
            row_limit=20,
        )
        return Spec(self.viz_type, params, [query])


@dataclass(frozen=True)
class Waterfall(Chart):
    """Steps that add to and take from an amount, in the order of their labels, and what is left."""

    metric: str
    step: str
    total: str
    viz_type = "waterfall"

    def spec(self, mart: Mart) -> Spec:
        """Return the steps with their amounts in thousands or millions, the rest as last bar."""
        require_columns(mart, [self.step])
        mart.metric(self.metric)
        params = {
            "viz_type": self.viz_type,
            "x_axis": self.step,
            "metric": self.metric,
            "groupby": [],
            "adhoc_filters": self.filters(mart),
            "row_limit": 50,
            "show_total": True,
            "total_label": self.total,
            "increase_label": "Adds",
            "decrease_label": "Takes",
            "increase_color": rgb(BLUE),
            "decrease_color": rgb(ORANGE),
            "total_color": rgb(TEAL),
            "show_value": True,
            "show_legend": False,
            "x_ticks_layout": "45°",
            "y_axis_format": ".3s",
        }
        query = self.query(
            mart,
            columns=[base_axis(self.step, None)],
            metrics=[self.metric],
            orderby=[[self.step, True]],
            row_limit=50,
        )
        return Spec(self.viz_type, params, [query])


@dataclass(frozen=True)
class Rows(Chart):
    """A table of the mart's own rows; a column to order by with "-" puts the largest first.

    With `searches`, the reader can look for words in it.
    """

    columns: tuple[str, ...]
    order_by: tuple[str, ...] = ()
    limit: int = 100
    page_length: int = 0
    searches: bool = False
    viz_type = "table"

    def spec(self, mart: Mart) -> Spec:
        """Return the rows in the order asked for, dates written out, no bars in cells."""
        require_columns(mart, [*self.columns, *(name.removeprefix("-") for name in self.order_by)])
        order = [_order(mart, name) for name in self.order_by]
        params = {
            "viz_type": self.viz_type,
            "query_mode": "raw",
            "all_columns": list(self.columns),
            "order_by_cols": [json.dumps(part) for part in order],
            "adhoc_filters": self.filters(mart),
            "row_limit": self.limit,
            "column_config": {name: _shown(name) for name in self.columns},
            **_table_look(self.page_length),
            "include_search": self.searches,
        }
        # With metrics, even none at all, Superset would group the rows.
        query = self.query(
            mart, columns=list(self.columns), metrics=None, orderby=order, row_limit=self.limit
        )
        return Spec(self.viz_type, params, [query])

    def reversed_columns(self, mart: Mart) -> list[str]:
        """Return the numbers of the mart that the rows are ordered by, the largest first."""
        columns = [name[1:] for name in self.order_by if name.startswith("-")]
        return [column for column in columns if not mart.columns[column].is_temporal]


def _order(mart: Mart, name: str) -> list[Any]:
    column = name.removeprefix("-")
    if column == name:
        return [column, True]
    if mart.columns[column].is_temporal:
        return [column, False]
    return [reversed_column(column), True]


def reversed_column(column: str) -> str:
    """Return the name of the calculated column that orders numbers from the largest to unknown.

    Ordering by the number itself would put what is not known before the largest.
    """
    return f"{column}_reversed"


def _shown(name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"showCellBars": False}
    if name in RATIOS:
        shown |= {"d3NumberFormat": ",.1f"}
    elif name.endswith("_amount"):
        is_per_unit = name.startswith(("unit_", "average_", "blended_", "margin_ltv_"))
        number = ",.2f" if is_per_unit else ",.0f"
        shown |= {"d3NumberFormat": number, "currencyFormat": CURRENCY_FORMAT}
    elif name.endswith(("_rate", "_share", "wape")) or name.startswith("coverage_"):
        shown |= {"d3NumberFormat": ".1%"}
    elif name.endswith("_at"):
        shown |= {"d3TimeFormat": DATE_TIME_FORMAT}
    elif name.endswith(("_count", "_days", "units")):
        shown |= {"d3NumberFormat": ",d"}
    elif name.endswith("_value"):
        shown |= {"d3NumberFormat": ",.2~f"}
    elif name.endswith(("_quantity", "_orders")) or name.startswith("days_"):
        shown |= {"d3NumberFormat": ",.1~f"}
    return shown


@dataclass(frozen=True)
class Summary(Chart):
    """A table of metrics by category or by month."""

    by: tuple[str, ...]
    metrics: tuple[MetricName, ...]
    grain: str = ""
    sort_by: str = ""
    limit: int = 100
    page_length: int = 0
    labels: Mapping[str, str] | None = None
    viz_type = "table"

    def spec(self, mart: Mart) -> Spec:
        """Return one row per category (or month) with its metrics, money in whole units."""
        require_columns(mart, self.by)
        labels = self.labels or {}
        metrics = [
            named_metric(mart, metric, labels)
            if isinstance(metric, str)
            else metric_reference(mart, metric)
            for metric in self.metrics
        ]
        params = {
            "viz_type": self.viz_type,
            "query_mode": "aggregate",
            "groupby": list(self.by),
            "metrics": metrics,
            "adhoc_filters": self.filters(mart),
            "row_limit": self.limit,
            "order_desc": True,
            "column_config": {
                labels.get(name, name): column_format(mart.metric(name))
                for name in self.metrics
                if isinstance(name, str)
            }
            | {m.label: {"showCellBars": False} for m in self.metrics if isinstance(m, Latest)},
            **_table_look(self.page_length),
        }
        columns: list[Any] = list(self.by)
        if self.grain:
            lookup = {name: True for name in self.by if name == mart.time_column}
            params |= {"time_grain_sqla": self.grain, "temporal_columns_lookup": lookup}
            params |= {"table_timestamp_format": "%B %Y"}
            columns = [base_axis(c, self.grain) if c == mart.time_column else c for c in columns]
        order: list[Any] = []
        if self.sort_by:
            require_columns(mart, [self.sort_by])
            first_to_last = sql_metric(f"MIN({self.sort_by})", "in order")
            params |= {"timeseries_limit_metric": first_to_last, "order_desc": False}
            order = [[first_to_last, True]]
        query = self.query(
            mart, columns=columns, metrics=metrics, orderby=order, row_limit=self.limit
        )
        return Spec(self.viz_type, params, [query])


def _table_look(page_length: int) -> dict[str, Any]:
    return {
        "show_cell_bars": False,
        "color_pn": False,
        "align_pn": False,
        "allow_render_html": False,
        "include_search": False,
        "server_page_length": 10,
        "page_length": page_length,
        "table_timestamp_format": DATE_FORMAT,
        "percent_metrics": [],
        "allow_rearrange_columns": False,
        "conditional_formatting": [],
    }


@dataclass(frozen=True)
class ForecastBand(Chart):
    """History, forecast and the range in which four of five days should fall."""

    actual: str
    forecast: str
    lower: str
    upper: str
    name: str
    grain: str = "P1D"
    viz_type = "echarts_timeseries_line"

    def spec(self, mart: Mart) -> Spec:
        """Return the line chart; Superset draws the band from the suffixes of the labels."""
        if mart.time_column is None:
            raise SemanticsError(f"{mart.name} has no time column.")
        metrics = [
            sql_metric(mart.metric(metric).expression, self.name + suffix)
            for metric, suffix in (
                (self.actual, ""),
                (self.forecast, "__yhat"),
                (self.lower, "__yhat_lower"),
                (self.upper, "__yhat_upper"),
            )
        ]
        params = {
            "viz_type": self.viz_type,
            "x_axis": mart.time_column,
            "time_grain_sqla": self.grain,
            "x_axis_time_format": "%d %b",
            "tooltipTimeFormat": "%a %d %b %Y",
            "metrics": metrics,
            "groupby": [],
            "adhoc_filters": self.filters(mart),
            **_series_look(True),
            **axis_format(mart.metric(self.forecast)),
        }
        query = self.query(
            mart,
            columns=[base_axis(mart.time_column, self.grain)],
            metrics=metrics,
            row_limit=10000,
        )
        return Spec(self.viz_type, params, [query])
