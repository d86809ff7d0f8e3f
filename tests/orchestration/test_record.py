"""What a build leaves behind: which tables became others, and which came out as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from orchestration.planning import record
from orchestration.planning.items import Built
from orchestration.planning.project import dbt_items
from orchestration.planning.work import note_built
from warehouse.database import Warehouse

TABLE = {"tea": ("marts", "tea")}


@pytest.fixture
def shop(warehouse_factory: Callable[..., Warehouse]) -> Warehouse:
    return warehouse_factory()


@pytest.fixture
def connection(shop: Warehouse) -> Iterator[psycopg.Connection]:
    with shop.connect("transformer") as found:
        yield found


def made(
    connection: psycopg.Connection, rows: str, columns: str = "name text, price numeric"
) -> str | None:
    """The digest of a table with some rows."""
    connection.execute(f"drop table if exists marts.tea; create table marts.tea ({columns})")
    connection.execute(f"insert into marts.tea values {rows}")
    return record.contents_of(connection, TABLE).get("tea")


@pytest.mark.parametrize(
    "other",
    [
        "('mint', 2), ('mint', 2), ('sage', 3)",
        "('mint', 2)",
        "('mint', 2), ('sage', null)",
        "('mint', 2), ('sage', 3.0)",
        "('mint,2', null), ('sage', 3)",
        "('mint', 3), ('sage', 2)",
    ],
)
def test_rows_are_others_if_any_value_is_or_their_number(
    other: str, connection: psycopg.Connection
) -> None:
    known = made(connection, "('mint', 2), ('sage', 3)")
    assert known
    assert made(connection, "('sage', 3), ('mint', 2)") == known
    assert made(connection, other) != known


def test_another_type_or_name_is_another_table_and_another_load_is_not(
    connection: psycopg.Connection,
) -> None:
    known = made(connection, "('mint', 2)")
    assert made(connection, "('mint', 2)", "name text, price int") != known
    assert made(connection, "('mint', 2)", "title text, price numeric") != known
    columns = "name text, price numeric, load_number bigint"
    assert made(connection, "('mint', 2, 7)", columns) == known
    assert made(connection, "('mint', 2, 8)", columns) == known


def test_a_large_table_is_not_read(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "SMALL_BYTES", 8_000)
    assert made(connection, "('mint', 2)") is None


def test_a_table_that_came_out_as_it_was_did_not_change_unless_a_build_was_cut_off(
    shop: Warehouse, connection: psycopg.Connection
) -> None:
    seed = next(item for item in dbt_items() if item.kind == "seed")
    assert seed.relation
    schema, table = seed.relation
    connection.execute(f"create table {schema}.{table} as select 1 as price")
    connection.commit()

    def built(number: int) -> Built:
        known = record.built(connection)
        connection.rollback()
        record.forget_contents(shop, [seed.name])
        note_built(shop, [seed.name], number, known)
        return record.built(connection)[seed.name]

    assert built(5).changed_number == 5
    assert built(6).changed_number == 5
    record.forget_contents(shop, [seed.name])  # and then nothing more
    assert built(7).changed_number == 7
    connection.execute(f"update {schema}.{table} set price = 2")
    connection.commit()
    assert built(8).changed_number == 8
