"""Roles can do their work and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from warehouse.business import load_business
from warehouse.database import Role, Warehouse, open_warehouse, service_database_url

ANNA = '[[location_managers]]\nuser = "anna"\nlocations = ["Harbour"]\n'
DENIED = psycopg.errors.InsufficientPrivilege
Factory = Callable[..., Warehouse]


@pytest.fixture
def warehouse(warehouse_factory: Factory) -> Warehouse:
    made = warehouse_factory()
    with made.connect("transformer") as connection:
        connection.execute("create table marts.rpt_sales as select 1 as net_amount")
        connection.execute("create table staging.stg_sales as select 1 as net_amount")
        connection.execute("create view features.ftr_sales as select * from marts.rpt_sales")
    with made.connect("loader") as connection:
        connection.execute("create table raw_spreadsheets.sales as select 1 as amount")
    return made


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("loader", "insert into raw_spreadsheets.sales values (2)"),
        ("transformer", "select * from raw_spreadsheets.sales"),
        ("ml", "select * from features.ftr_sales"),
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
        ("ml", "select * from marts.rpt_sales"),
        ("ml", "insert into features.ftr_sales values (3)"),
        ("analyst", "select * from features.ftr_sales"),
        ("analyst", "insert into marts.rpt_sales values (3)"),
        ("analyst", "select * from raw_spreadsheets.sales"),
        ("analyst", "select * from vault.keys"),
        ("analyst", "select query_to_xml('select 1', true, true, '')"),
        ("messenger", "select * from marts.rpt_sales"),
        ("messenger", "select * from audit.events"),
        ("messenger", "delete from audit.deliveries"),
        ("analyst", "select * from audit.deliveries"),
        ("bi_reader", "select * from staging.stg_sales"),
        ("bi_reader", "select * from features.ftr_sales"),
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


def test_opening_again_takes_back_what_an_earlier_version_granted(warehouse: Warehouse) -> None:
    role = sql.Identifier(warehouse.role_name("ml"))
    with warehouse.connect("transformer") as connection:
        for statement in (
            "grant usage on schema marts to {}",
            "grant select on marts.rpt_sales to {}",
            "alter default privileges in schema marts grant select on tables to {}",
        ):
            connection.execute(sql.SQL(statement).format(role))
    with warehouse.connect("ml") as connection:
        connection.execute("select * from marts.rpt_sales")

    open_warehouse(warehouse.business)

    with warehouse.connect("transformer") as connection:
        connection.execute("create table marts.rpt_later as select 1 as net_amount")
        assert connection.execute(
            "select has_schema_privilege(%(role)s, 'marts', 'usage'), "
            "has_table_privilege(%(role)s, 'marts.rpt_sales', 'select'), "
            "has_table_privilege(%(role)s, 'marts.rpt_later', 'select')",
            {"role": warehouse.role_name("ml")},
        ).fetchone() == (False, False, False)


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


def _connect_as_manager(warehouse: Warehouse, user: str) -> psycopg.Connection:
    url = warehouse.server.url(*warehouse.manager_logins[user], warehouse.database)
    return psycopg.connect(url, autocommit=True)


def _my_locations(warehouse: Warehouse, user: str) -> list[tuple[str]]:
    with _connect_as_manager(warehouse, user) as connection:
        return connection.execute("select * from access.my_locations").fetchall()


def test_a_location_manager_comes_and_goes_with_the_settings(warehouse: Warehouse) -> None:
    settings = warehouse.business.folder / "business.toml"
    without = settings.read_text()
    settings.write_text(without + ANNA + ANNA.replace("anna", "ben").replace("Harbour", "Lake"))
    both = open_warehouse(load_business(warehouse.business.folder))
    assert _my_locations(both, "anna") == [("Harbour",)]
    assert _my_locations(both, "ben") == [("Lake",)]
    session = _connect_as_manager(both, "ben")
    settings.write_text(without + ANNA.replace("Harbour", "Market"))
    one = open_warehouse(load_business(warehouse.business.folder))
    assert _my_locations(one, "anna") == [("Market",)]
    with pytest.raises(psycopg.OperationalError):
        _connect_as_manager(both, "ben")
    with session, pytest.raises(DENIED):
        session.execute("select * from access.my_locations")
    settings.write_text(without + ANNA.replace("anna", "ben"))
    back = open_warehouse(load_business(warehouse.business.folder))
    assert back.manager_logins["ben"] != both.manager_logins["ben"], "the old password is gone"


@pytest.mark.parametrize(
    "statement",
    [
        "select * from marts.rpt_sales",
        "select * from staging.stg_sales",
        "select * from raw_spreadsheets.sales",
        "select * from access.manager_locations",
        "insert into access.manager_locations values (session_user, 'Lake')",
        "create temporary table mine (a integer)",
        "create table marts.mine (a integer)",
        "select query_to_xml('select 1', true, true, '')",
    ],
)
def test_a_location_manager_reads_no_mart_without_a_decision(
    warehouse: Warehouse, statement: str
) -> None:
    settings = warehouse.business.folder / "business.toml"
    settings.write_text(settings.read_text() + ANNA)
    opened = open_warehouse(load_business(warehouse.business.folder))
    with _connect_as_manager(opened, "anna") as connection:
        connection.execute("set default_transaction_read_only = off")
        with pytest.raises(DENIED):
            connection.execute(statement)


def test_being_in_the_managers_group_does_not_give_their_locations(warehouse: Warehouse) -> None:
    settings = warehouse.business.folder / "business.toml"
    settings.write_text(settings.read_text() + ANNA)
    opened = open_warehouse(load_business(warehouse.business.folder))
    with _connect_as_manager(opened, "anna") as connection:
        connection.execute(f"set role {opened.database}_location_manager")
        found = connection.execute("select * from access.my_locations").fetchall()
    assert found == [("Harbour",)], "whoever signed in stays who he is"


def test_what_somebody_changes_of_the_dashboards_login_is_set_back(warehouse: Warehouse) -> None:
    role = warehouse.role_name("bi_reader")
    with warehouse.connect("bi_reader", autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.execute(f"alter role {role} password 'mine'")
        connection.execute(
            f"alter role {role} in database {warehouse.database} set statement_timeout = 0"
        )
    again = open_warehouse(warehouse.business)
    with again.connect("bi_reader") as connection:
        assert connection.execute("show statement_timeout").fetchone() == ("30s",)


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
        'currency_code = "USD"\ncountry_code = "US"\n' + ANNA
    )
    for _ in range(2):
        given = open_warehouse(load_business(tmp_path))
    assert _my_locations(given, "anna") == [("Harbour",)]
    assert not given.server.is_embedded
    with given.connect("bi_reader") as connection, pytest.raises(DENIED):
        connection.execute("select * from vault.keys")
