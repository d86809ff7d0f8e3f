"""A table as named numpy columns, and exact arithmetic on cents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = dict[str, Any]
MILLION = 1_000_000


@dataclass(frozen=True)
class Words:
    """A column of few different words, as their positions in a list."""

    codes: Ints
    words: tuple[str, ...]

    def __len__(self) -> int:
        """Rows."""
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Words:
        """Some of the rows."""
        return Words(self.codes[rows], self.words)

    def __eq__(self, word: object) -> Any:
        """Where it is this word."""
        return self.codes == self.words.index(str(word))

    __hash__ = None  # type: ignore[assignment]


def stacked(parts: list[Columns]) -> Columns:
    """Tables of the same columns, one below the other."""
    names = list(parts[0])
    for part in parts:
        if list(part) != names:
            raise ValueError(f"columns differ: {names} and {list(part)}")
    return {
        name: Words(np.concatenate([part[name].codes for part in parts]), parts[0][name].words)
        if isinstance(parts[0][name], Words)
        else np.concatenate([part[name] for part in parts])
        for name in names
    }


def to_arrow(columns: Columns) -> pa.Table:
    """An Arrow table; columns ending in ``_at`` are instants in UTC, in ``_date`` days."""
    arrays = {}
    for name, values in columns.items():
        if isinstance(values, Words):
            codes = pa.array(values.codes.astype(np.int8))
            arrays[name] = pa.DictionaryArray.from_arrays(codes, list(values.words))
        elif name.endswith("_at"):
            missing = values == NEVER
            seconds = pa.array(np.where(missing, 0, values), pa.int64(), mask=missing)
            arrays[name] = seconds.cast(pa.timestamp("s", tz="UTC"))
        elif name.endswith("_local"):
            arrays[name] = pa.array(values, pa.int64()).cast(pa.timestamp("s"))
        elif name.endswith("_date"):
            arrays[name] = pa.array(values.astype(np.int32), pa.int32()).cast(pa.date32())
        elif values.dtype == object:
            arrays[name] = pa.array(values.tolist(), pa.string())
        else:
            arrays[name] = pa.array(values)
    return pa.table(arrays)


NEVER = -(2**62)


def share(amount: Ints, part: Ints, whole: Ints) -> Ints:
    """amount × part ÷ whole, halves away from zero, in whole cents."""
    safe = np.maximum(whole, 1)
    product = amount * part
    part_of: Ints = np.sign(product) * ((2 * np.abs(product) + safe) // (2 * safe))
    return part_of


def of_million(amount: Ints, ppm: Ints) -> Ints:
    """That many millionths of an amount, rounded to whole cents."""
    return share(amount, ppm, np.full_like(amount, MILLION))


def spread(total: Ints, weights: Ints, group: Ints, groups_count: int) -> Ints:
    """Each group's total over its rows by weight, to the cent: shares add up to the total.

    Args:
        total: one amount per group.
        weights: one per row, not negative.
        group: the group of each row; rows of a group stand together, groups ascend.
    """
    running = np.cumsum(weights)
    sums = np.bincount(group, weights, groups_count).astype(np.int64)
    start = np.cumsum(sums) - sums
    until = running - start[group]
    before = until - weights
    whole = sums[group]
    return share(total[group], until, whole) - share(total[group], before, whole)


def per_group(values: NDArray[Any], group: Ints, groups_count: int) -> Ints:
    """Sum of whole numbers per group."""
    return np.rint(np.bincount(group, values, groups_count)).astype(np.int64)


def repeated(counts: Ints) -> tuple[Ints, Ints]:
    """(group, position in it) of each row when group i has counts[i] rows."""
    group = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    position = np.arange(len(group), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return group, position
