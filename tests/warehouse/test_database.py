"""Roles can do their work and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from warehouse.business import load_business
from warehouse.database import Role, Warehouse, open_warehouse, service_database_url

DENIED = psycopg.errors.InsufficientPrivilege
Factory = Callable[..., Warehouse]


@pytest.fixture
def warehouse(warehouse_factory: Factory) -> Warehouse:
    made = warehouse_factory()
    with made.connect("transformer") as connection:
        connection.execute("create table marts.rpt_sales as select 1 as net_amount")
        connection.execute("create table staging.stg_sales as select 1 as net_amount")
    with made.connect("loader") as connection:
        connection.execute("create table raw_spreadsheets.sales as select 1 as amount")
    return made


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("loader", "insert into raw_spreadsheets.sales values (2)"),
        ("transformer", "select * from raw_spreadsheets.sales"),
        ("ml", "select * from marts.rpt_sales"),
        ("ml", "create table ml.output (amount numeric)"),
        ("analyst", "select * from rpt_sales"),
        ("analyst", "create table analyst_sandbox.idea as select * from rpt_sales"),
        ("bi_reader", "select * from rpt_sales"),
        ("messenger", "insert into audit.snoozes values ('x', now())"),
        ("messenger", "select * from audit.deliveries"),
    ],
)
def test_a_role_can_do_its_work(warehouse: Warehouse, role: Role, statement: str) -> None:
    with warehouse.connect(role) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("loader", "select * from marts.rpt_sales"),
        ("loader", "select sealed_value from vault.personal_values"),
        ("transformer", "insert into raw_spreadsheets.sales values (3)"),
        ("transformer", "select * from vault.personal_values"),
        ("ml", "select * from staging.stg_sales"),
        ("ml", "insert into marts.rpt_sales values (3)"),
        ("analyst", "insert into marts.rpt_sales values (3)"),
        ("analyst", "select * from raw_spreadsheets.sales"),
        ("analyst", "select * from vault.keys"),
        ("analyst", "select query_to_xml('select 1', true, true, '')"),
        ("messenger", "select * from marts.rpt_sales"),
        ("messenger", "select * from audit.events"),
        ("messenger", "delete from audit.deliveries"),
        ("analyst", "select * from audit.deliveries"),
        ("bi_reader", "select * from staging.stg_sales"),
        ("bi_reader", "select * from raw_spreadsheets.sales"),
        ("bi_reader", "select * from quality.quarantine"),
        ("bi_reader", "select pg_sleep(1)"),
        ("bi_reader", "select pg_read_file('/etc/passwd')"),
        ("bi_reader", "select lo_get(1)"),
    ],
)
def test_a_role_can_do_nothing_else(warehouse: Warehouse, role: Role, statement: str) -> None:
    with warehouse.connect(role) as connection, pytest.raises(DENIED):
        connection.execute(statement)


def test_bi_reader_cannot_write_even_where_it_were_allowed(warehouse: Warehouse) -> None:
    with (
        warehouse.connect("bi_reader") as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("create temporary table mine (a integer)")


def test_bi_reader_cannot_write_with_read_only_switched_off(warehouse: Warehouse) -> None:
    with warehouse.connect("bi_reader") as connection:
        connection.execute("set transaction read write")
        with pytest.raises(DENIED):
            connection.execute("delete from marts.rpt_sales")


def test_bi_reader_statements_end_after_thirty_seconds(warehouse: Warehouse) -> None:
    with warehouse.connect("bi_reader") as connection:
        assert connection.execute("show statement_timeout").fetchone() == ("30s",)


def test_no_role_of_one_business_can_enter_another(warehouse_factory: Factory) -> None:
    mine, theirs = warehouse_factory(), warehouse_factory()
    intruder = mine.role_name("analyst")
    url = mine.server.url(intruder, mine.passwords[intruder], theirs.database)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


def test_opening_again_changes_no_password(warehouse: Warehouse) -> None:
    again = open_warehouse(warehouse.business)
    assert again.url("loader") == warehouse.url("loader")


def test_services_have_databases_of_their_own(warehouse: Warehouse) -> None:
    with psycopg.connect(service_database_url("dagster")) as connection:
        row = connection.execute("select current_database(), current_user").fetchone()
    assert row == ("hub_dagster", "hub_dagster")
    assert warehouse.database not in ("hub_dagster", "hub_superset")


def test_passwords_are_not_shown(warehouse: Warehouse) -> None:
    assert warehouse.password("loader") not in repr(warehouse)


def test_a_given_server_needs_no_superuser(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = f"plain_admin_{warehouse.database}"
    with psycopg.connect(warehouse.server.admin_url(), autocommit=True) as connection:
        connection.execute(f"create role {name} login createdb createrole password 'given'")
    monkeypatch.setenv("HUB_DATABASE_URL", warehouse.server.url(name, "given", "postgres"))
    monkeypatch.setenv("HUB_HOME", str(tmp_path / "home"))
    (tmp_path / "business.toml").write_text(
        f'id = "given_{warehouse.database}"\nname = "Given"\ntime_zone = "UTC"\n'
        'currency_code = "USD"\ncountry_code = "US"\n'
    )
    for _ in range(2):
        given = open_warehouse(load_business(tmp_path))
    assert not given.server.is_embedded
    with given.connect("bi_reader") as connection, pytest.raises(DENIED):
        connection.execute("select * from vault.keys")
