"""Local clocks and UTC, vectorised, right on the days when clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.int64]
HOUR = 3600
DAY = 86_400
MINUTE = 60


@lru_cache
def _offsets(zone: str, first_hour: int, hours: int) -> NDArray[np.int64]:
    """Seconds east of UTC at each whole hour of UTC."""
    info = ZoneInfo(zone)
    found = np.empty(hours, np.int64)
    for index in range(hours):
        moment = datetime.fromtimestamp((first_hour + index) * HOUR, UTC)
        offset = moment.astimezone(info).utcoffset()
        assert offset is not None
        found[index] = int(offset.total_seconds())
    return found


def offset_at(utc: Seconds, zone: str) -> Seconds:
    """Seconds east of UTC at instants (seconds since 1970)."""
    if not len(utc):
        return np.zeros(0, np.int64)
    hour = np.asarray(utc) // HOUR
    first, last = int(hour.min()), int(hour.max())
    # Whole years, so that few tables are made and kept.
    year_hours = 366 * 24
    start = first // year_hours * year_hours
    count = (last // year_hours + 1) * year_hours - start
    return _offsets(zone, start, count)[hour - start]


def to_local(utc: Seconds, zone: str) -> Seconds:
    """Wall-clock seconds of instants."""
    return utc + offset_at(utc, zone)


def to_utc(local: Seconds, zone: str, later: NDArray[np.bool_] | None = None) -> Seconds:
    """Instants of wall-clock times; an hour that is left out is read as the one after it.

    Args:
        later: where, of an hour that comes twice, its second coming is meant; nowhere if not given.
    """
    early = local - offset_at(local - 14 * HOUR, zone)
    late = local - offset_at(local + 14 * HOUR, zone)
    first, second = np.minimum(early, late), np.maximum(early, late)
    is_first = to_local(first, zone) == local
    found: Seconds = np.where(is_first, first, second)
    if later is not None:
        found = np.where(later & (to_local(second, zone) == local), second, found)
    return found
