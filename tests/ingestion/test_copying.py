"""Arrow batches arrive in PostgreSQL as they left."""

from __future__ import annotations

import random
import threading
import time as clock
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql

from ingestion.api.destination import Copies
from ingestion.copying import copy_rows, copy_to_temporary, fetch_table
from warehouse.database import Warehouse


def local(year: int, month: int, day: int, hour: int) -> datetime:
    """A wall clock's time, which has no zone."""
    return datetime(year, month, day, hour, 30, 5, 6, UTC).replace(tzinfo=None)


VALUES: dict[str, tuple[str, pa.DataType, list[object]]] = {
    "name": ("text", pa.string(), ["Café “Ünï”\n\t,", "", None]),
    "amount": ("numeric", pa.decimal128(18, 6),
               [Decimal("-999999999999.999999"), Decimal("0.000001"), None]),
    "is_paid": ("boolean", pa.bool_(), [True, False, None]),
    "count": ("bigint", pa.int64(), [2**62, -1, None]),
    "sold_on": ("date", pa.date32(), [date(1999, 12, 31), date(2026, 2, 28), None]),
    "sold_local_at": ("timestamp", pa.timestamp("us"), [local(1999, 1, 1, 2), None,
                                                        local(2026, 10, 25, 2)]),
    "sold_at": ("timestamptz", pa.timestamp("us", tz="UTC"),
                [datetime(2026, 3, 29, 1, tzinfo=UTC), None, datetime(2015, 1, 1, tzinfo=UTC)]),
    "opens_at": ("time", pa.time64("us"), [time(7, 30), time(23, 59, 59), None]),
}  # fmt: skip


@pytest.fixture
def loader(warehouse_factory: Callable[..., Warehouse]) -> psycopg.Connection:
    with warehouse_factory().connect("loader") as connection:
        yield connection


def test_every_type_the_files_can_hold_arrives_unaltered(loader: psycopg.Connection) -> None:
    columns = ", ".join(f"{name} {type_}" for name, (type_, _, _) in VALUES.items())
    loader.execute(f"create temporary table target ({columns})")
    table = pa.table({name: pa.array(values, type_) for name, (_, type_, values) in VALUES.items()})
    copy_rows(loader, sql.Identifier("target"), table.to_reader())
    rows = loader.execute("select * from target").fetchall()
    assert rows == list(zip(*(values for _, _, values in VALUES.values()), strict=True))


def test_decimals_arrive_to_the_last_digit(loader: psycopg.Connection) -> None:
    dice = random.Random(7)
    sent = [Decimal(dice.randrange(-(10**18) + 1, 10**18)).scaleb(-6) for _ in range(2000)]
    sent += [Decimal(whole) for whole in (0, 1, 9_999, 10_000, 10_001, 99_999_999, 100_000_000)]
    copy_to_temporary(loader, "sums", pa.table({"amount": pa.array(sent, pa.decimal128(18, 6))}))
    assert [row[0] for row in loader.execute("select amount from sums")] == sent


def test_batches_arrive_in_their_order(loader: psycopg.Connection) -> None:
    batches = [pa.record_batch({"n": pa.array(range(start, start + 10))})
               for start in range(0, 100, 10)]  # fmt: skip
    rows = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    copy_to_temporary(loader, "counted", rows)
    assert [row[0] for row in loader.execute("select n from counted")] == list(range(100))


def test_a_broken_reader_breaks_the_load(loader: psycopg.Connection) -> None:
    schema = pa.schema({"n": pa.int64()})

    def batches():  # type: ignore[no-untyped-def]
        yield pa.record_batch({"n": [1]}, schema)
        raise OSError("the disk was pulled out")

    with pytest.raises((OSError, pa.ArrowInvalid), match="pulled out"):
        copy_to_temporary(loader, "partial", pa.RecordBatchReader.from_batches(schema, batches()))
    loader.rollback()
    assert loader.execute("select to_regclass('pg_temp.partial')").fetchone() == (None,)


def test_a_query_s_rows_come_back_as_a_table(loader: psycopg.Connection) -> None:
    schema = pa.schema({"n": pa.int64(), "is_even": pa.bool_()})
    query = "select n, n % 2 = 0 from generate_series(1, {}) as n"
    found = fetch_table(loader, query.format(3), schema)
    assert found.to_pylist() == [{"n": n, "is_even": n % 2 == 0} for n in (1, 2, 3)]
    empty = fetch_table(loader, query.format(0), schema)
    assert (empty.schema, empty.num_rows) == (schema, 0)


class _Driver:
    """Opens and closes connections as ADBC's driver does: its count is right for one at a time."""

    def __init__(self) -> None:
        self.open_count = 0
        self._busy = threading.Lock()

    def connect(self) -> _Connection:
        with self._alone():
            self.open_count += 1
        return _Connection(self)

    def disconnect(self) -> None:
        with self._alone():
            self.open_count -= 1

    @contextmanager
    def _alone(self) -> Iterator[None]:
        assert self._busy.acquire(blocking=False), "another thread is opening or closing one"
        clock.sleep(0.001)
        yield
        self._busy.release()


class _Connection:
    def __init__(self, driver: _Driver) -> None:
        self.adbc_clone = driver.connect
        self.close = driver.disconnect


def test_only_one_thread_at_a_time_opens_or_closes_a_connection_of_the_driver() -> None:
    driver, copies = _Driver(), Copies()

    def copy_some(_: int) -> None:
        for _ in range(10):
            with copies.connection(driver.connect):  # type: ignore[arg-type]
                clock.sleep(0.0005)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(copy_some, range(8)))
    copies.close()
    assert driver.open_count == 0
