"""Rows land, or models are built, never both at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ingestion.sources.spreadsheets import ensure_raw_tables
from warehouse.database import Warehouse
from warehouse.turns import is_awaited, landing, modelling, running

INSERT = "insert into raw_spreadsheets.sales (_row_key, _load_number) values ('a', 1)"


def _build_in_a_thread(warehouse: Warehouse, seen: list[int]) -> threading.Thread:
    def build() -> None:
        with (
            modelling(warehouse, "transformer"),
            warehouse.connect("transformer") as connection,
        ):
            row = connection.execute("select count(*) from raw_spreadsheets.sales").fetchone()
            assert row
            seen.append(row[0])

    thread = threading.Thread(target=build)
    thread.start()
    return thread


def test_a_build_waits_for_loads_and_loads_do_not_wait_for_each_other(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    warehouse = warehouse_factory()
    ensure_raw_tables(warehouse)
    seen: list[int] = []
    with landing(warehouse), landing(warehouse):
        build = _build_in_a_thread(warehouse, seen)
        build.join(0.5)
        assert build.is_alive()
        with warehouse.connect("loader") as connection:
            connection.execute(INSERT)
    build.join(10)
    assert seen == [1]


def test_a_build_waits_for_what_a_killed_load_has_not_yet_committed(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    """Its turn is over, as it died, and the server has not noticed everywhere."""
    warehouse = warehouse_factory()
    ensure_raw_tables(warehouse)
    seen: list[int] = []
    with warehouse.connect("loader") as connection:
        connection.execute(INSERT)
        build = _build_in_a_thread(warehouse, seen)
        build.join(0.5)
        assert build.is_alive()
        connection.commit()
    build.join(10)
    assert seen == [1]


def test_a_run_sees_that_another_one_of_its_business_waits(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    warehouse, other = warehouse_factory(), warehouse_factory()
    waits = threading.Event()

    def run() -> None:
        with running(warehouse, waits.set):
            pass

    with running(warehouse, lambda: None), running(other, lambda: None):
        assert not is_awaited(warehouse)
        waiting = threading.Thread(target=run)
        waiting.start()
        assert waits.wait(10)
        _assert_soon(lambda: is_awaited(warehouse))
        assert not is_awaited(other)
    waiting.join(10)
    assert not is_awaited(warehouse)


def _assert_soon(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.05)
