"""Query cost and the leaky bucket.

Costs follow https://shopify.dev/docs/api/usage/limits: scalars 0, objects 1, a mutation 10, an
abstract type the dearest of its types, and a connection ``2 + floor(2 ln(max(2, size)))`` times the
cost of a node, as Shopify's staff describe it in their community forum. Values without an identity
(money, addresses, page information) cost nothing.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.shopify.plan import Selection, Shape

Plan = Literal["standard", "advanced", "plus", "enterprise"]
RESTORE_RATES: dict[Plan, int] = {
    "standard": 100,
    "advanced": 200,
    "plus": 1000,
    "enterprise": 2000,
}
MAX_QUERY_COST = 1000
_BUCKET_SECONDS = 20
_FREE_TYPES = {"MoneyV2", "MailingAddress", "PageInfo", "CurrencyFormats",
               "InventoryItemMeasurement", "Weight"}  # fmt: skip
_FREE_FIELDS = {"edges"}


def connection_factor(size: int) -> int:
    """How often a node is charged for a page of a given size."""
    return math.floor(2 * math.log(max(2, size)))


def requested_cost(shape: Shape, *, is_mutation: bool = False) -> int:
    """Cost of a query before it runs: as if every page were full."""
    fields = shape.own_fields()
    if is_mutation:
        return 10 * len(fields)
    return sum(_requested(field) for field in fields)


def _requested(selection: Selection) -> int:
    if selection.shape is None:
        return 0
    if selection.kind == "connection":
        size = selection.arguments.get("first") or selection.arguments.get("last") or 1
        return 2 + connection_factor(int(size)) * _node_cost(selection.shape)
    return _object_cost(selection, _dearest(selection.shape))


def _object_cost(selection: Selection, inner: int) -> int:
    if selection.name in _FREE_FIELDS or selection.type_name in _FREE_TYPES:
        return inner
    return 1 + inner


def _dearest(shape: Shape) -> int:
    costs = (sum(map(_requested, shape.fields(name))) for name in shape.type_names())
    return max(costs, default=0)


def _node_cost(connection: Shape) -> int:
    return sum(_requested(field) for field in connection.own_fields())


def actual_cost(shape: Shape, answer: dict[str, Any] | None) -> int:
    """Cost of a query after it ran: pages count what they hold, nulls count once.

    Args:
        shape: The operation's root.
        answer: The ``data`` member, or None when there is none.
    """
    if answer is None:
        return 0
    return sum(_actual(field, answer.get(field.key)) for field in shape.own_fields())


def _actual(selection: Selection, value: Any) -> int:
    if selection.shape is None:
        return 0
    if selection.kind == "connection" and isinstance(value, dict):
        rows = _rows(selection.shape, value)
        inner = _node_shape_cost(selection, rows)
        return 2 + connection_factor(len(rows)) * inner
    if isinstance(value, list):
        return max((_actual(selection, one) for one in value), default=1)
    inner = _of_object(selection.shape, value) if isinstance(value, dict) else 0
    return _object_cost(selection, inner)


def _rows(shape: Shape, value: dict[str, Any]) -> list[Any]:
    for field in shape.own_fields():
        if field.name == "nodes":
            return list(value[field.key])
        if field.name == "edges" and field.shape:
            keys = [inner.key for inner in field.shape.own_fields() if inner.name == "node"]
            return [edge[keys[0]] if keys else {} for edge in value[field.key]]
    return []


def _node_shape_cost(selection: Selection, rows: list[Any]) -> int:
    shape = selection.shape.node_shape() if selection.shape else None
    if shape is None:
        return 0
    return max((1 + _of_object(shape, row) for row in rows if isinstance(row, dict)), default=1)


def _of_object(shape: Shape, value: dict[str, Any]) -> int:
    """Cost inside an object; which concrete type it has is told by the keys it holds."""
    if not shape.is_abstract:
        return sum(_actual(field, value.get(field.key)) for field in shape.own_fields())
    keys = set(value)
    for name in shape.type_names():
        fields = shape.fields(name)
        if {field.key for field in fields} == keys:
            return sum(_actual(field, value[field.key]) for field in fields)
    return 0


@dataclass
class LeakyBucket:
    """Points that refill at a constant rate.

    Args:
        restore_rate: Points per second.
        clock: Seconds; tests give their own.
        size: Most points; twenty seconds' worth unless given.
    """

    restore_rate: float
    clock: Callable[[], float]
    size: float = 0

    def __post_init__(self) -> None:
        self.size = self.size or self.restore_rate * _BUCKET_SECONDS
        self._points = self.size
        self._seen = self.clock()
        self._lock = threading.Lock()

    def _refill(self) -> None:
        now = self.clock()
        self._points = min(self.size, self._points + (now - self._seen) * self.restore_rate)
        self._seen = now

    def take(self, points: float) -> bool:
        """Take points if that many are there."""
        with self._lock:
            self._refill()
            if self._points < points:
                return False
            self._points -= points
            return True

    def give_back(self, points: float) -> None:
        """Return what a query did not use."""
        with self._lock:
            self._points = min(self.size, self._points + points)

    def status(self) -> dict[str, float]:
        """The bucket as ``throttleStatus``."""
        with self._lock:
            self._refill()
            return {
                "maximumAvailable": float(self.size),
                "currentlyAvailable": math.floor(self._points),
                "restoreRate": float(self.restore_rate),
            }
