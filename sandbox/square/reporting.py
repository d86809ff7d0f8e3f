"""Square's Reporting API for its sales: the ledger summed up, apart from the documents.

The real one is a Cube server; of its model the view ``Sales`` is served, by day and location.
"""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

from sandbox.square.books import Books
from sandbox.square.paging import SquareError

Json = dict[str, Any]
# measure -> (title, SQL over event lines, format)
MEASURES: dict[str, tuple[str, str, str]] = {
    "Sales.gross_sales": ("Gross sales", "sum(gross_cents)", "currency"),
    "Sales.discounts_amount": ("Discounts", "sum(discount_cents)", "currency"),
    "Sales.returns_amount": ("Returns", "sum(reversal_cents)", "currency"),
    "Sales.net_sales": (
        "Net sales", "sum(gross_cents - discount_cents - reversal_cents)", "currency"),
    "Sales.sales_tax_amount": ("Tax", "sum(tax_cents)", "currency"),
    "Sales.tips_amount": (
        "Tips", "sum(case when line_type = 'tip' then charge_cents else 0 end)", "currency"),
    "Sales.service_charges_amount": (
        "Service charges",
        "sum(case when line_type = 'service_charge' then charge_cents else 0 end)", "currency"),
    "Sales.gift_card_sales": (
        "Gift card sales",
        "sum(case when line_type = 'gift_card' then charge_cents else 0 end)", "currency"),
    "Sales.order_count": (
        "Orders", "count(distinct case when kind = 'sale' then event_id end)", "number"),
}  # fmt: skip
DIMENSIONS = {"Sales.location_id": "location_id", "Sales.location_name": "location_name"}
TIME = "Sales.local_reporting_timestamp"


class Reporting:
    """Answers ``/reporting/v1``; a question asked for the first time makes the client wait."""

    def __init__(self, books: Books, *, waits: int = 1) -> None:
        """``waits``: how often a new question is answered with "Continue wait"."""
        self.books, self.waits = books, waits
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()

    def meta(self) -> Json:
        """The model."""
        return {"cubes": [{
            "name": "Sales", "title": "Sales", "type": "view",
            "description": "Closed orders with their location.",
            "measures": [
                {"name": name, "title": title, "shortTitle": title, "type": "number",
                 "aggType": "sum", "format": kind}
                for name, (title, _, kind) in MEASURES.items()
            ],
            "dimensions": [
                {"name": name, "title": name, "shortTitle": name, "type": "string"}
                for name in DIMENSIONS
            ] + [{"name": TIME, "title": "Reporting time", "shortTitle": "Time", "type": "time"}],
            "segments": [],
        }]}  # fmt: skip

    def load(self, body: Json) -> Json:
        """The rows of a query, money in units of the currency as text.

        Raises:
            SquareError: the query names what the model does not have.
        """
        query = body.get("query") or {}
        with self._lock:
            key = repr(sorted(query.items(), key=str))
            self._asked[key] = self._asked.get(key, 0) + 1
            if self._asked[key] <= self.waits:
                return {"error": "Continue wait"}
        measures, dimensions = query.get("measures") or [], query.get("dimensions") or []
        for name in (*measures, *dimensions):
            if name not in MEASURES and name not in DIMENSIONS:
                raise SquareError("BAD_REQUEST", f"'{name}' not found for path '{name}'")
        times = query.get("timeDimensions") or []
        selected = [f'{DIMENSIONS[name]} as "{name}"' for name in dimensions]
        where, parameters = "true", []
        for time in times:
            if time.get("dimension") != TIME:
                raise SquareError("BAD_REQUEST", f"'{time.get('dimension')}' not found")
            if time.get("granularity") == "day":
                selected.append(f"strftime(sale_date, '%Y-%m-%dT00:00:00.000') as \"{TIME}.day\"")
            elif time.get("granularity"):
                raise SquareError("BAD_REQUEST", "granularity must be day")
            if time.get("dateRange"):
                since, until = (date.fromisoformat(text[:10]) for text in time["dateRange"])
                where += " and sale_date between ? and ?"
                parameters += [since, until]
        grouped = ", ".join(str(number + 1) for number in range(len(selected)))
        for name in measures:
            _, expression, kind = MEASURES[name]
            amount = f"cast({expression} as decimal(18,2)) / 100" if kind == "currency" else (
                expression)  # fmt: skip
            form = f"printf('%.2f', {amount})" if kind == "currency" else f"cast({amount} as text)"
            selected.append(f'{form} as "{name}"')
        limit = min(int(query.get("limit") or 10_000), 50_000)
        rows = self.books.rows(
            "with lines as (select l.*, e.kind, s.location_id, s.name as location_name, "
            "cast(timezone(s.time_zone, e.happened_at) as date) as sale_date "
            "from event_lines l join events e using (event_id) join orders o "
            "on o.order_id = e.order_id join square_locations s using (place_id) "
            "where not o.is_test and s.system = 'square' "
            # What the card reader took at the other system's counter is a sale to Square.
            "union all by name select l.*, 'sale' as kind, s.location_id, s.name as location_name, "
            "cast(timezone(s.time_zone, c.copied_at) as date) as sale_date "
            "from square_copies c join square_lines l on l.event_id = c.number "
            "join square_locations s using (location_id) where c.copied_at <= now_at()"
            f") select {', '.join(selected)} from lines where {where} "
            + (f"group by {grouped} order by {grouped} " if grouped else "")
            + f"limit {limit} offset {int(query.get('offset') or 0)}",
            *parameters,
        )
        return {"query": query, "data": rows, "annotation": {
            "measures": {name: {"title": MEASURES[name][0], "type": "number"}
                         for name in measures},
            "dimensions": {name: {"type": "string"} for name in dimensions},
            "segments": {}, "timeDimensions": {},
        }, "slowQuery": False}  # fmt: skip
