"""Sales of places, categories and products as one hierarchy whose forecasts add up.

Reconciled as by Wickramasuriya, Athanasopoulos & Hyndman (2019), with the variances of the errors
that each forecast made in its back-test (weighted least squares).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.calendar import Values

Level = Literal["total", "location", "category", "location_category", "product", "cell"]
# What carries decisions of its own; everything below is mostly noise by itself.
AGGREGATES: tuple[Level, ...] = ("total", "location", "category")
PUBLISHED: tuple[Level, ...] = (*AGGREGATES, "location_category", "product")
TOP_PRODUCTS, TOP_PRODUCTS_DAYS = 20, 91
OTHER = ""
CELL = ["location_name", "category_name", "product_name"]


@dataclass(frozen=True, eq=False)
class Node:
    """A series: the sum of some cells. ``places`` are those where it can be sold."""

    level: Level
    name: str
    cells: npt.NDArray[np.bool_]
    places: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name of the series in tables."""
        return self.level if self.level == "total" else f"{self.level}:{self.name}"


@dataclass(frozen=True)
class Hierarchy:
    """All series over the same days.

    Attributes:
        days: every day from the first sale to the last complete one.
        nodes: the series that are told of; several may be sums of the same cells.
        cells: the smallest series, one per place, category and product, shape (days, cells).
        places: where each cell is sold.
        is_open: whether a place sold anything that day, one column per place.
    """

    days: pd.DatetimeIndex
    nodes: Sequence[Node]
    cells: Values
    places: tuple[str, ...]
    is_open: pd.DataFrame

    def series(self, node: Node) -> pd.Series[float]:
        """A node's sales; closed days are NaN.

        A place begins with its first day, a category or product with its first sale.
        """
        values = self.cells[:, node.cells].sum(axis=1)
        is_open = self.is_open[list(node.places)].any(axis=1).to_numpy()
        has_begun = is_open if node.level in ("total", "location") else values != 0
        first = int(has_begun.argmax()) if has_begun.any() else len(values)
        values = np.where(is_open, values, np.nan)
        return pd.Series(values[first:], index=self.days[first:])


def hierarchy(
    sales: pd.DataFrame, last_date: date, *, top_products: int = TOP_PRODUCTS
) -> Hierarchy | None:
    """Put daily sales into a hierarchy; None when nothing was sold.

    Args:
        sales: ``sale_date``, ``location_name``, ``category_name``, ``net_amount`` and, if products
            are told apart, ``product_name``; one currency, any number of rows a day.
        last_date: last complete day; later rows are ignored.
        top_products: how many products have a series of their own.
    """
    rows = sales.assign(
        sale_date=pd.to_datetime(sales["sale_date"]),
        net_amount=sales["net_amount"].astype(float),
        product_name=sales.get("product_name", OTHER),
    )
    rows = rows[rows["sale_date"] <= pd.Timestamp(last_date)]
    if rows.empty:
        return None
    recent = rows[
        rows["sale_date"] > pd.Timestamp(last_date) - pd.Timedelta(days=TOP_PRODUCTS_DAYS)
    ]
    amounts = recent[recent["product_name"] != OTHER].groupby("product_name")["net_amount"].sum()
    leading = set(amounts.sort_values(ascending=False, kind="stable").index[:top_products])
    rows["product_name"] = rows["product_name"].where(rows["product_name"].isin(leading), OTHER)
    days = pd.date_range(rows["sale_date"].min(), pd.Timestamp(last_date), freq="D")
    cells = rows.pivot_table(
        index="sale_date", columns=CELL, values="net_amount", aggfunc="sum", sort=True
    ).reindex(days)
    is_open = rows.groupby(["sale_date", "location_name"]).size().unstack().reindex(days).notna()
    labels = pd.DataFrame(cells.columns.to_list(), columns=CELL)
    return Hierarchy(
        days,
        list(_nodes(labels)),
        cells.fillna(0.0).to_numpy(),
        tuple(labels["location_name"]),
        is_open,
    )


def _nodes(labels: pd.DataFrame) -> Iterator[Node]:
    places = sorted(labels["location_name"].unique())
    everything = np.ones(len(labels), bool)
    yield Node("total", "Total", everything, tuple(places))
    for place in map(str, places):
        yield Node("location", place, (labels["location_name"] == place).to_numpy(), (place,))
    for category in sorted(labels["category_name"].unique()):
        where = (labels["category_name"] == category).to_numpy()
        yield Node("category", str(category), where, tuple(places))
    crossed = labels.groupby(["location_name", "category_name"], sort=True)
    if len(places) > 1 and labels["category_name"].nunique() > 1:
        for (home, category), rows in crossed:
            where = np.isin(np.arange(len(labels)), rows.index)
            yield Node("location_category", f"{home} · {category}", where, (str(home),))
    for product, rows in labels[labels["product_name"] != OTHER].groupby("product_name", sort=True):
        where = np.isin(np.arange(len(labels)), rows.index)
        yield Node(
            "product", str(product), where, tuple(sorted(map(str, rows["location_name"].unique())))
        )
    for number, home in enumerate(map(str, labels["location_name"])):
        yield Node("cell", str(number), np.arange(len(labels)) == number, (home,))


def reconciled(
    sums: Values, base: Values, variances: Values, is_open: npt.NDArray[np.bool_]
) -> Values:
    """Forecasts that add up, never below 0 and 0 on closed days.

    Args:
        sums: which cells each series adds up, shape (series, cells).
        base: forecast of each series by itself, shape (series, days).
        variances: of each series' errors; a small one holds its forecast in place.
        is_open: whether a cell can be sold on a day, shape (cells, days).

    Returns:
        Shape (series, days).
    """
    weighted = sums.T / variances
    cells = np.linalg.lstsq(weighted @ sums, weighted @ base, rcond=None)[0]
    return np.asarray(sums @ (np.maximum(cells, 0.0) * is_open))
