"""dbt's manifest read as Superset sees it: marts with their columns, and metrics as SQL.

The dbt semantic models are the only place where a metric is defined; here it is translated,
never invented.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Amounts show whole units of money; averages and other ratios of money show cents.
D3_FORMATS = {"currency": ",.0f", "count": ",d", "percent": ".1%", "decimal": ",.2f"}

AGGREGATES = {
    "sum": "SUM({0})",
    "average": "AVG({0})",
    "avg": "AVG({0})",
    "min": "MIN({0})",
    "max": "MAX({0})",
    "count": "COUNT({0})",
    "count_distinct": "COUNT(DISTINCT {0})",
    "sum_boolean": "SUM(CASE WHEN {0} THEN 1 ELSE 0 END)",
    "median": "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY {0})",
}


class SemanticsError(ValueError):
    """The manifest misses a mart, or holds a metric that cannot be translated."""


@dataclass(frozen=True)
class Column:
    """One column of a mart, with the data type of its dbt contract."""

    name: str
    data_type: str
    description: str

    @property
    def is_temporal(self) -> bool:
        """Whether the column is a date or a timestamp."""
        return self.data_type.lower().startswith(("date", "timestamp"))


@dataclass(frozen=True)
class Metric:
    """One metric: an SQL aggregate over a mart, with the format in which it is shown."""

    name: str
    label: str
    description: str
    expression: str
    format: str
    is_ratio: bool = False

    @property
    def d3_format(self) -> str:
        """The d3 number format of the metric's kind."""
        if self.format == "currency" and self.is_ratio:
            return ",.2f"
        return D3_FORMATS[self.format]


@dataclass(frozen=True)
class Mart:
    """A mart as a Superset dataset: columns, metrics and the column that time filters use.

    `location_managers` is what these may read: `own_locations`, `everything`, some columns, or
    None for nothing.
    """

    name: str
    description: str
    columns: Mapping[str, Column]
    metrics: Mapping[str, Metric]
    time_column: str | None
    location_managers: str | list[str] | None = None

    def metric(self, name: str) -> Metric:
        """Return a metric by name; SemanticsError names those that exist."""
        if name not in self.metrics:
            known = ", ".join(sorted(self.metrics)) or "none"
            raise SemanticsError(f"{self.name} has no metric '{name}' (its metrics: {known}).")
        return self.metrics[name]


COLUMN_LABELS = {
    "act_by_date": "Act by",
    "action": "What to do",
    "actual_value": "Was",
    "asset_name": "Table",
    "average_recency_days": "Days since last order",
    "best_naive_model": "Best simple guess",
    "best_naive_wape": "Its error",
    "blended_cac_amount": "Cost of one",
    "break_date": "New level since",
    "category_name": "Category",
    "certainty": "How sure",
    "channel_name": "Channel",
    "check_name": "Check",
    "churn_risk": "Risk of leaving",
    "cohort_month": "First bought",
    "column_name": "Column",
    "control_margin_amount": "Margin, old price",
    "coverage_80": "Days inside the band",
    "current_amount": "Not due yet",
    "data_type": "Kind",
    "days_count": "Days",
    "days_left": "Days left",
    "days_on_hand": "Days on hand",
    "difference_amount": "Difference",
    "difference_staff_count": "Missing (+) or too many (−)",
    "description": "Meaning",
    "direction": "Direction",
    "documents_count": "Invoices",
    "entry_name": "Name",
    "expected_orders": "Orders expected",
    "expected_value": "Usually",
    "file_name": "File",
    "first_date": "From",
    "gmroi_rate": "Margin ÷ stock",
    "gross_margin_amount": "Margin",
    "headline": "News",
    "horizon_days": "Days ahead",
    "impact_amount": "At stake",
    "impact_basis": "Over",
    "incoming_quantity": "Coming in",
    "ingredient_name": "Ingredient",
    "insight_rank": "No.",
    "last_sold_date": "Last sold",
    "latest_record_date": "Newest record",
    "level_value": "Now",
    "load_number": "Load",
    "loaded_at": "Loaded on",
    "location_name": "Location",
    "lost_margin_amount": "Cost of waiting",
    "ltv_to_cac_rate": "Margin ÷ cost",
    "margin_ltv_amount": "Margin of one",
    "marketing_channel": "Visit from",
    "metric": "Measure",
    "month_start_date": "Month",
    "n_origins": "Tests",
    "needed_quantity": "Needed",
    "needed_staff_count": "People needed",
    "net_amount": "Net sales",
    "net_amount_rank": "Place",
    "new_customers_count": "New customers",
    "table_name": "Table",
    "sold_local_at": "Sold at",
    "usual_amount": "Usual day",
    "usual_so_far_amount": "Usual by now",
    "oldest_due_date": "Oldest due",
    "on_hand_quantity": "On hand",
    "order_amount": "Cost",
    "order_by_date": "Order by",
    "order_quantity": "Order",
    "overdue_1_30_amount": "1–30 days late",
    "overdue_31_60_amount": "31–60 days late",
    "overdue_61_90_amount": "61–90 days late",
    "overdue_over_90_amount": "Over 90 days late",
    "payback_months_count": "Months to pay back",
    "period_name": "Season",
    "period_start_date": "Begins",
    "plan_date": "Day",
    "platform_name": "Platform",
    "product_name": "Product",
    "quadrant": "Group",
    "recommended_action": "What to do",
    "sale_date": "Date",
    "scheduled_staff_count": "Scheduled",
    "sell_through_rate": "Sold of available",
    "series_name": "Series",
    "shortfall_quantity": "Missing",
    "shrinkage_amount": "Lost or thrown away",
    "source_customer_id": "Customer no.",
    "source_system": "Source",
    "stock_out_days_count": "Days empty",
    "stock_quantity": "In stock",
    "supplier_name": "Supplier",
    "test_name": "Test",
    "turnover_rate": "Turns a year",
    "unit_margin_amount": "Margin per unit",
    "unit_of_measure": "Unit",
    "usual_staff_count": "Usually there",
    "value_tier": "Value",
    "variant_margin_amount": "Margin, new price",
    "variant_name": "New price",
    "wape": "Error",
    "weekly_change_rate": "Change a week",
    "work_hour": "Hour",
}


def column_label(name: str) -> str:
    """Return the words that stand for a column: an own word, or the name made readable."""
    if name in COLUMN_LABELS:
        return COLUMN_LABELS[name]
    words = re.sub(r"_(date|amount|at|count|rate)$", "", name)
    words = re.sub(r"^(is|has)_", "", words)
    return words.replace("_", " ").capitalize()


def read_manifest(path: Path) -> dict[str, Mart]:
    """Return the marts of dbt's manifest by name; metrics come from the semantic models."""
    return marts_of(json.loads(path.read_text(encoding="utf-8")))


def read_questions(path: Path) -> dict[str, tuple[str, str]]:
    """Return (question, SQL) of dbt's analyses by name; the manifest must hold them compiled."""
    manifest = json.loads(path.read_text(encoding="utf-8"))
    return {
        node["name"]: (_one_line(node["description"]), _portable(node["compiled_code"]))
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis"
    }


def _portable(sql: str) -> str:
    """The SQL without the database's name, which is another one for each business."""
    return re.sub(r'"[^"]+"\."marts"\."([^"]+)"', r"marts.\1", sql).strip() + "\n"


def marts_of(manifest: Mapping[str, Any]) -> dict[str, Mart]:
    """Return every model of the schema `marts` as a Mart, in the order of their names."""
    models = {
        node["alias"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and _is_mart(node)
    }
    semantic_models = {
        model["node_relation"]["alias"]: model for model in manifest["semantic_models"].values()
    }
    translator = _Translator(manifest["metrics"].values(), semantic_models)
    return {
        name: Mart(
            name=name,
            description=_one_line(models[name].get("description")),
            columns=_columns(models[name]["columns"].values()),
            metrics=translator.metrics_of(name),
            time_column=_time_column(semantic_models.get(name), models[name]["columns"]),
            location_managers=_location_managers(models[name]),
        )
        for name in sorted(models)
    }


def _is_mart(node: Mapping[str, Any]) -> bool:
    schema = str(node.get("schema") or "")
    return schema == "marts" or "marts" in node.get("fqn", [])


def _columns(columns: Iterable[Mapping[str, Any]]) -> dict[str, Column]:
    return {
        column["name"]: Column(
            column["name"], column.get("data_type") or "text", _one_line(column.get("description"))
        )
        for column in columns
    }


def _time_column(
    semantic_model: Mapping[str, Any] | None, columns: Mapping[str, Any]
) -> str | None:
    if semantic_model is None:
        return None
    name = (semantic_model.get("defaults") or {}).get("agg_time_dimension")
    for dimension in semantic_model.get("dimensions") or []:
        if dimension["name"] == name:
            name = dimension.get("expr") or name
    return name if name in columns else None


def _location_managers(node: Mapping[str, Any]) -> str | list[str] | None:
    decision = node["config"]["meta"].get("location_managers", "nothing")
    return None if decision == "nothing" else decision


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


class _Translator:
    """Translates dbt metrics into SQL expressions over one mart each."""

    def __init__(
        self, metrics: Iterable[Mapping[str, Any]], semantic_models: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._metrics = {metric["name"]: metric for metric in metrics}
        self._measures = {
            measure["name"]: (mart, measure)
            for mart, model in semantic_models.items()
            for measure in model.get("measures") or []
        }

    def metrics_of(self, mart: str) -> dict[str, Metric]:
        """Return the metrics all of whose measures live in this mart, by name."""
        return {
            name: Metric(
                name=name,
                label=metric.get("label") or column_label(name),
                description=_one_line(metric.get("description")),
                expression=self._expression(name),
                format=_format(metric),
                is_ratio=metric["type"] != "simple",
            )
            for name, metric in sorted(self._metrics.items())
            if self._marts_behind(name) == {mart}
        }

    def _marts_behind(self, name: str) -> set[str]:
        metric = self._metrics[name]
        parts = metric["type_params"]
        measure = parts.get("measure")
        if metric["type"] == "simple":
            return {self._measures[measure["name"]][0]} if measure else set()
        behind: set[str] = set()
        for needed in _inputs(metric):
            behind |= self._marts_behind(needed["name"])
        return behind

    def _expression(self, name: str) -> str:
        metric = self._metrics[name]
        parts = metric["type_params"]
        if metric["type"] == "simple":
            return self._aggregate(parts["measure"]["name"], metric)
        if metric["type"] == "ratio":
            numerator = self._expression(parts["numerator"]["name"])
            denominator = self._expression(parts["denominator"]["name"])
            return f"{numerator}::numeric / NULLIF({denominator}, 0)"
        if metric["type"] == "derived":
            return self._derived(parts)
        raise SemanticsError(f"Metric '{name}' is of type {metric['type']}, which has no SQL here.")

    def _aggregate(self, measure_name: str, metric: Mapping[str, Any]) -> str:
        _, measure = self._measures[measure_name]
        aggregate = AGGREGATES.get(measure["agg"])
        if aggregate is None:
            raise SemanticsError(
                f"Measure '{measure_name}' aggregates by {measure['agg']}, which has no SQL here."
            )
        if metric.get("filter"):
            raise SemanticsError(
                f"Metric '{metric['name']}' has a filter: put the condition in its measure's expr."
            )
        return aggregate.format(measure.get("expr") or measure["name"])

    def _derived(self, parts: Mapping[str, Any]) -> str:
        expression = str(parts["expr"])
        written_out: dict[str, str] = {}
        for needed in parts["metrics"]:
            spoken = needed.get("alias") or needed["name"]
            written_out[spoken] = f"({self._expression(needed['name'])})"
        names = "|".join(re.escape(name) for name in sorted(written_out, key=len, reverse=True))
        return re.sub(rf"\b({names})\b", lambda found: written_out[found.group(1)], expression)


def _inputs(metric: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    parts = metric["type_params"]
    if metric["type"] == "ratio":
        return [parts["numerator"], parts["denominator"]]
    return list(parts.get("metrics") or [])


def _format(metric: Mapping[str, Any]) -> str:
    meta = {**(metric.get("meta") or {}), **((metric.get("config") or {}).get("meta") or {})}
    name = str(meta.get("format", "decimal"))
    if name not in D3_FORMATS:
        raise SemanticsError(f"Metric '{metric['name']}' has the unknown format '{name}'.")
    return name
