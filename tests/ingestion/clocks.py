"""A computer whose clock is wrong: ahead, behind, put right again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from unittest.mock import patch

from psycopg import sql

import ingestion.api.loading
import ingestion.sources.spreadsheets.loading
from ingestion.sources.spreadsheets.kinds import KINDS
from ingestion.sources.spreadsheets.raw_tables import SCHEMA, ensure_raw_tables
from warehouse.database import Warehouse

LOADERS = (ingestion.api.loading, ingestion.sources.spreadsheets.loading)


@contextmanager
def clock_off(warehouse: Warehouse, hours: float) -> Iterator[None]:
    """What loads while the block runs arrives by a clock that is so many hours ahead."""
    off = timedelta(hours=hours)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + off

    ensure_raw_tables(warehouse)
    _set_database_clock(warehouse, off)
    try:
        with (
            patch.object(LOADERS[0], "datetime", Clock),
            patch.object(LOADERS[1], "datetime", Clock),
        ):
            yield
    finally:
        _set_database_clock(warehouse, timedelta(0))


def _set_database_clock(warehouse: Warehouse, off: timedelta) -> None:
    """The server's clock cannot be turned for one database; where rows take it from, it can."""
    statement = sql.SQL("alter table {} alter column _loaded_at set default now() + {}::interval")
    with warehouse.connect("loader") as connection:
        for kind in KINDS:
            connection.execute(
                statement.format(sql.Identifier(SCHEMA, kind), sql.Literal(str(off)))
            )
