"""The small part of ShopifyQL that a connector needs: daily sums of a dataset.

``FROM sales SHOW a, b GROUP BY x TIMESERIES day SINCE … UNTIL … ORDER BY … LIMIT n``. Clauses come
in any order; a mistake is a parse error in the answer, not an error of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.shopify.documents import Documents, ReportRequest

MAX_ROWS = 1000  # more rows are cut off without a word, as in reality

_MONEY = (
    "gross_sales", "discounts", "sales_reversals", "discount_reversals", "net_sales",
    "shipping_charges", "shipping_reversals", "taxes", "tax_reversals", "duties",
    "additional_fees", "fees", "tips", "total_sales", "cost_of_goods_sold", "gross_profit",
    "average_order_value", "gift_card_sales",
)  # fmt: skip
_COUNTS = ("orders", "quantity_ordered", "net_items_sold", "reversed_quantity", "customers")
_SESSIONS = ("sessions", "online_store_visitors", "sessions_with_cart_additions",
             "sessions_that_reached_checkout", "sessions_that_completed_checkout")  # fmt: skip
_TEXTS = (
    "sales_channel", "product_title", "product_variant_sku", "product_variant_title", "order_name",
    "order_id", "product_id", "product_variant_id", "billing_country", "shipping_country",
    "pos_location_name", "line_type", "currency", "staff_member_name", "referrer_source",
)  # fmt: skip
_TIMES = {"day": "DAY_TIMESTAMP", "month": "MONTH_TIMESTAMP"}
_METRICS: dict[str, dict[str, str]] = {
    "sales": {**dict.fromkeys(_MONEY, "MONEY"), **dict.fromkeys(_COUNTS, "INTEGER")},
    "sessions": dict.fromkeys(_SESSIONS, "INTEGER"),
}
_CLAUSE = re.compile(
    r"\b(FROM|SHOW|WHERE|GROUP\s+BY|TIMESERIES|SINCE|UNTIL|DURING|ORDER\s+BY|LIMIT|WITH|VISUALIZE)"
    r"\b",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:(startOf|endOf)Day\()?-(\d+)([dwmy])\)?$", re.IGNORECASE)
_FILTER = re.compile(r"(\w+)\s*=\s*'([^']*)'$")


class ParseError(Exception):
    """A query that ShopifyQL would not understand."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; ``columns`` maps shown metrics to their names in the answer."""

    request: ReportRequest
    columns: Mapping[str, str]
    is_series: bool
    order: tuple[str, bool] | None = None
    limit: int = MAX_ROWS
    types: Mapping[str, str] = field(default_factory=dict)


def answer(text: str, documents: Documents, today: date) -> dict[str, Any]:
    """Answer of ``shopifyqlQuery``.

    Args:
        text: The query.
        documents: Where the report comes from.
        today: Today in the shop's time zone.
    """
    response: dict[str, Any] = {
        "__typename": "ShopifyqlQueryResponse",
        "analyticsTargets": [],
        "parseErrors": [],
        "parseWarnings": [],
        "tableData": None,
    }
    try:
        query = parse(text, today)
        rows = list(_rows(query, documents))
    except ParseError as error:
        return {**response, "parseErrors": [str(error)]}
    response["tableData"] = {
        "columns": [_column(query, name) for name in _names(query)],
        "rows": rows,
        "rowMetadata": [
            {"nullCellTranslations": [], "rawResourceIds": [], "topNRemainderColumnNames": []}
            for _ in rows
        ],
    }
    return response


def parse(text: str, today: date) -> Query:
    """Parse a query.

    Raises:
        ParseError: A clause is missing, unknown or names an unknown column.
    """
    clauses = _clauses(text)
    dataset = clauses.get("FROM", "").strip()
    if dataset not in _METRICS:
        raise ParseError(f"Table '{dataset}' not found" if dataset else "Expected FROM")
    shown = _shown(clauses.get("SHOW", ""), _METRICS[dataset])
    series = clauses.get("TIMESERIES", "").strip()
    if series and series not in _TIMES:
        raise ParseError(f"'{series}' is not a time dimension")
    groups = [name.strip() for name in clauses.get("GROUP BY", "").split(",") if name.strip()]
    for name in groups:
        if name not in _TEXTS and name not in _TIMES:
            raise ParseError(f"Column '{name}' not found")
    dimensions = tuple(dict.fromkeys([*([series] if series else []), *groups]))
    since = _day(clauses.get("SINCE", "-30d"), today)
    until = _day(clauses.get("UNTIL", "today"), today)
    request = ReportRequest(
        dataset, tuple(shown), dimensions, since, until, _filters(clauses.get("WHERE", ""))
    )
    return Query(
        request,
        shown,
        bool(series),
        _order(clauses.get("ORDER BY", ""), [*dimensions, *shown.values()]),
        _limit(clauses.get("LIMIT", "")),
        _METRICS[dataset],
    )


def _clauses(text: str) -> dict[str, str]:
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    head, *parts = _CLAUSE.split(text)
    if head.strip():
        raise ParseError(f"Unexpected input '{head.strip().split()[0]}'")
    names = [" ".join(name.upper().split()) for name in parts[::2]]
    if "DURING" in names or "VISUALIZE" in names:
        raise ParseError("DURING and VISUALIZE are not known to the sandbox")
    return dict(zip(names, parts[1::2], strict=True))


def _shown(text: str, metrics: Mapping[str, str]) -> dict[str, str]:
    shown = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, alias = re.sub(r"\s+AS\s+", "\0", part, flags=re.IGNORECASE).partition("\0")
        if name not in metrics:
            raise ParseError(f"Column '{name}' not found")
        shown[name] = alias.strip("'\" ") or name
    if not shown:
        raise ParseError("Expected SHOW or VISUALIZE")
    return shown


def _filters(text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, map(str.strip, re.split(r"\bAND\b", text, flags=re.IGNORECASE))):
        match = _FILTER.match(part)
        if not match or match[1] not in _TEXTS:
            raise ParseError(f"Invalid condition '{part}'")
        found[match[1]] = match[2]
    return found


def _day(text: str, today: date) -> date:
    text = text.strip().strip("'\"")
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    if match := _OFFSET.match(text):
        days = {"d": 1, "w": 7, "m": 30, "y": 365}[match[3].lower()]
        return today - timedelta(days=int(match[2]) * days)
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ParseError(f"Invalid date '{text}'") from None


def _order(text: str, names: list[str]) -> tuple[str, bool] | None:
    words = text.split()
    if not words:
        return None
    if words[0] not in names:
        raise ParseError(f"Column '{words[0]}' not found")
    return words[0], words[-1].upper() == "DESC"


def _limit(text: str) -> int:
    return int(text.split()[0]) if text.strip() else MAX_ROWS


def _names(query: Query) -> list[str]:
    return [*query.request.dimensions, *query.columns]


def _column(query: Query, name: str) -> dict[str, Any]:
    kind = query.types.get(name) or _TIMES.get(name, "STRING")
    shown = query.columns.get(name, name)
    return {
        "name": shown,
        "displayName": shown.replace("_", " ").capitalize(),
        "shortDisplayName": None,
        "dataType": kind,
        "subType": None,
        "columnOrigin": "REQUESTED",
        "dynamicColumnMetadata": None,
    }


def _rows(query: Query, documents: Documents) -> Iterator[dict[str, Any]]:
    """Sums per group as the API writes them: every value is a string, a missing one null."""
    sums = _sums(query, documents)
    keys = list(sums)
    if query.order is None or query.order[0] in query.request.dimensions:
        at = query.request.dimensions.index(query.order[0]) if query.order else 0
        keys.sort(key=lambda key: key[at:] + key[:at], reverse=bool(query.order and query.order[1]))
    else:
        shown = {alias: name for name, alias in query.columns.items()}
        name = shown[query.order[0]]
        keys.sort(key=lambda key: sums[key][name], reverse=query.order[1])
    for key in keys[: query.limit]:
        values = {alias: str(sums[key][name]) for name, alias in query.columns.items()}
        yield {**dict(zip(query.request.dimensions, key, strict=True)), **values}


def _sums(query: Query, documents: Documents) -> dict[tuple[str, ...], dict[str, Decimal]]:
    request = query.request
    zero = {
        name: Decimal("0.00") if query.types[name] == "MONEY" else Decimal(0)
        for name in request.metrics
    }
    sums: dict[tuple[str, ...], dict[str, Decimal]] = {}
    if query.is_series and request.dimensions == ("day",):
        length = (request.until - request.since).days + 1
        for offset in range(length):  # a series shows days without sales too
            sums[((request.since + timedelta(days=offset)).isoformat(),)] = dict(zero)
    elif not request.dimensions:
        sums[()] = dict(zero)
    for row in documents.report(request):
        if any(str(row.get(name)) != wanted for name, wanted in request.filters.items()):
            continue
        key = tuple(_label(row, name) for name in request.dimensions)
        group = sums.setdefault(key, dict(zero))
        for name in request.metrics:
            group[name] += Decimal(str(row.get(name, 0)))
    return sums


def _label(row: Mapping[str, Any], name: str) -> str:
    if name == "month":
        return str(row.get("month") or str(row["day"])[:7] + "-01")
    return str(row.get(name, ""))
