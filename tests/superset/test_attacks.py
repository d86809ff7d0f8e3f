"""Attacks on the running hub: by HTTP as each user, and as each of the dashboards' logins directly
on PostgreSQL, where nothing but its own rights stands in the way."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import io
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
import requests
from psycopg import sql
from requests.adapters import HTTPAdapter

from orchestration import dbt as hub_dbt
from orchestration.ops import services
from orchestration.ops.demo import folder
from tests.conftest import RunningHub, WarehouseFactory, run_hub_command
from tests.superset.superset_session import SupersetSession, rows
from warehouse.database import SCHEMA_OWNERS, Warehouse
from warehouse.home import PROJECT_ROOT, hub_home

MANAGER, PLACE, OTHER_PLACE = "anna", "Harbour Café", "Lakeside"
OWN = {"col": "location_name", "op": "IN", "val": [PLACE]}
OTHER = {"col": "location_name", "op": "IN", "val": [OTHER_PLACE]}
# PostgreSQL's ways to say no; a mistake in a statement of ours would be another error.
REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedFile,  # an extension that is not there
    psycopg.errors.FeatureNotSupported,
)

LOOKING_PAST_GRANTS = [
    "query_to_xml('select 1', true, true, '')::text",
    "pg_catalog . \"query_to_xml\" /* */ ('select 1', true, true, '')::text",
    "QuErY_tO_xMl('select ' || '1', true, true, '')::text",
    "U&\"\\0071uery_to_xml\"('select 1', true, true, '')::text",
    "table_to_xml('marts.dim_customers', true, true, '')::text",
    "schema_to_xml('vault', true, true, '')::text",
    "database_to_xml(true, true, '')::text",
    "cursor_to_xml('c', 1, true, true, '')::text",
    "(select max(word) from ts_stat('select to_tsvector(''a'')'))",
    "(select max(a) from dblink('dbname=postgres', 'select 1') as t (a int))",
    "lo_creat(-1)",
    "lo_import('/etc/passwd')",
    "lo_get(1)::text",
    "pg_read_file('/etc/passwd')",
    "pg_read_binary_file('/etc/passwd')::text",
    "(select max(name) from pg_ls_dir('.') as t (name))",
    "pg_sleep(20)::text",
    "set_config('role', 'postgres', false)",
    "(select sum(net_amount) from marts.rpt_sales_daily)",
    "(select count(*) from marts.dim_customers)",
    "(select max(rolname) from pg_roles)",
    "(table marts.dim_channels limit 1)",
    "version()",
    "1) from marts.dim_customers --",
    "1; select 1",
]
NOT_READING = [
    "set role postgres",
    "reset role",
    "set local role postgres",
    "/* quiet */ SeT session authorization postgres",
    "set default_transaction_read_only = off",
    "set statement_timeout = 0",
    "set search_path = vault; select 1",
    "commit; alter role current_user password 'mine'",
    "alter role current_user set statement_timeout = 0",
    "create table marts.mine (a int)",
    "create temporary table mine as select 1",
    "insert into marts.dim_dates default values",
    "with gone as (delete from marts.dim_dates returning 1) select * from gone",
    "copy marts.dim_dates to stdout",
    "copy (select 1) to program 'id'",
    "do $$ begin perform 1; end $$",
    "grant select on marts.dim_dates to public",
    "lock table marts.dim_dates",
    "begin read write",
    "prepare mine as select 1",
    "show all",
]
CLOSED_SCHEMAS = sorted(set(SCHEMA_OWNERS) - {"marts", "analyst_sandbox", "access"})

Ask = Callable[..., requests.Response]


@pytest.fixture(scope="module", autouse=True)
def demo(running_hub: RunningHub) -> None:
    """The demo, idle: other tests may have shown another business or stopped the hub, and a run
    of the daemon would drop what Superset has cached in the midst of a test."""
    running_hub.bring_back()
    running_hub.wait_until_done()


@pytest.fixture(scope="module")
def sign_in(running_hub: RunningHub) -> Callable[[str], SupersetSession]:
    """Signs a user in once."""
    sessions: dict[str, SupersetSession] = {}

    def session(user: str) -> SupersetSession:
        if user not in sessions:
            password = running_hub.passwords[user]
            sessions[user] = SupersetSession(running_hub.superset_url, user, password)
        return sessions[user]

    return session


@pytest.fixture(scope="module")
def admin(sign_in: Callable[[str], SupersetSession]) -> SupersetSession:
    return sign_in("admin")


@pytest.fixture(scope="module")
def manager(sign_in: Callable[[str], SupersetSession]) -> SupersetSession:
    return sign_in(MANAGER)


@pytest.fixture(scope="module")
def datasets(admin: SupersetSession) -> dict[str, int]:
    return admin.list("dataset")


@pytest.fixture(scope="module")
def database(admin: SupersetSession) -> int:
    found: int = admin.get("/api/v1/database/").json()["result"][0]["id"]
    return found


@pytest.fixture(scope="module")
def login(running_hub: RunningHub) -> Callable[[str], psycopg.Connection]:
    """Opens a connection with one of the dashboards' logins, as if Superset were not there."""

    def connect(name: str, database: str | None = None) -> psycopg.Connection:
        warehouse = running_hub.warehouse
        role, password = (
            warehouse.manager_logins[name]
            if name in warehouse.manager_logins
            else (warehouse.role_name("bi_reader"), warehouse.password("bi_reader"))
        )
        url = warehouse.server.url(role, password, database or warehouse.database)
        return psycopg.connect(url, autocommit=True)

    return connect


@pytest.fixture(scope="module")
def administrator(running_hub: RunningHub) -> Iterator[psycopg.Connection]:
    """PostgreSQL's administrator, who knows what there is to see."""
    warehouse = running_hub.warehouse
    url = warehouse.server.admin_url(warehouse.database)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _metric(expression: str) -> dict[str, str]:
    return {"expressionType": "SQL", "sqlExpression": expression, "label": "x"}


# -- SQL that looks further than it should, by HTTP ---------------------------------------


@pytest.mark.parametrize("expression", LOOKING_PAST_GRANTS)
@pytest.mark.parametrize("user", ["owner", MANAGER])
def test_no_metric_looks_past_its_mart(
    user: str, expression: str, sign_in: Callable[[str], SupersetSession], datasets: dict[str, int]
) -> None:
    metrics = [_metric(f"max({expression})")]
    answer = sign_in(user).ask(datasets["rpt_sales_daily"], metrics=metrics)
    assert answer.status_code in {400, 403, 422}, answer.text[:500]
    assert "result" not in answer.json()


@pytest.mark.parametrize("expression", LOOKING_PAST_GRANTS[::4])
def test_no_other_part_of_a_charts_query_does(
    expression: str, manager: SupersetSession, datasets: dict[str, int]
) -> None:
    column = _metric(expression) | {"label": "c"}
    worst = f"max({expression})"
    for part in (
        {"columns": [column], "metrics": ["net_sales"]},
        {"extras": {"where": f"{expression} is null"}},
        {"metrics": ["net_sales"], "extras": {"having": f"{worst} is null"}},
        {"orderby": [[_metric(worst), True]]},
        {"filters": [{"col": column, "op": "IS NOT NULL"}]},
        {"series_limit": 1, "series_columns": [column], "metrics": ["net_sales"]},
        {"granularity": expression, "time_range": "2026-01-01 : 2026-02-01"},
    ):
        query = {"columns": ["location_name"]} | part
        answer = manager.ask(datasets["rpt_sales_daily"], **query)
        if answer.ok:  # what is no column of the dataset is left out
            assert expression[:12].lower() not in answer.json()["result"][0]["query"].lower()
        else:
            assert answer.status_code in {400, 403, 422}, answer.text[:500]


@pytest.mark.parametrize("expression", LOOKING_PAST_GRANTS[:18])
def test_the_functions_are_refused_in_sql_lab(
    expression: str, sign_in: Callable[[str], SupersetSession], database: int
) -> None:
    answer = sign_in("analyst").sql(database, f"select {expression} as x")
    assert not answer.ok, answer.text[:500]


@pytest.mark.parametrize("statement", NOT_READING)
def test_sql_lab_reads_and_does_nothing_else(
    statement: str, sign_in: Callable[[str], SupersetSession], database: int
) -> None:
    answer = sign_in("analyst").sql(database, statement)
    assert not answer.ok, answer.text[:500]


@pytest.mark.parametrize("schema", CLOSED_SCHEMAS)
def test_an_analyst_reads_marts_and_no_other_schema(
    schema: str,
    administrator: psycopg.Connection,
    sign_in: Callable[[str], SupersetSession],
    database: int,
) -> None:
    found = administrator.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace "
        "and relkind in ('r', 'v') limit 1",
        (schema,),
    ).fetchone()
    table = found[0] if found else "anything"
    answer = sign_in("analyst").sql(database, f'select * from {schema}."{table}"')
    assert not answer.ok
    assert f"permission denied for schema {schema}" in answer.text


def test_an_analyst_does_his_work(sign_in: Callable[[str], SupersetSession], database: int) -> None:
    answer = sign_in("analyst").sql(
        database, "-- all of them\nwith days as (select * from marts.rpt_sales_daily) "
        "select count(distinct location_name) as places from days"
    )  # fmt: skip
    assert answer.ok, answer.text[:500]
    assert answer.json()["data"] == [{"places": 5}]


@pytest.mark.parametrize("user", ["analyst", "engineer"])
def test_worked_questions_are_among_the_saved_queries(
    user: str, sign_in: Callable[[str], SupersetSession], database: int
) -> None:
    session = sign_in(user)
    answer = session.get("/api/v1/saved_query/?q=(page_size:100)")
    assert answer.ok, answer.text[:500]
    found = {each["label"]: each["sql"] for each in answer.json()["result"]}
    assert len(found) == len(list((PROJECT_ROOT / "dbt_project" / "analyses").glob("*.sql")))
    asked = session.sql(
        database, found["Which days of the week carry each location, and by how much?"]
    )
    assert asked.ok, asked.text[:500]
    assert asked.json()["data"]


@pytest.mark.parametrize(
    "statement", ["select * from vault.keys", "select query_to_xml('select 1', true, true, '')"]
)
def test_a_virtual_dataset_reaches_no_further(
    statement: str, sign_in: Callable[[str], SupersetSession], database: int, admin: SupersetSession
) -> None:
    engineer = sign_in("engineer")
    described = {"database": database, "schema": "marts", "table_name": "trick", "sql": statement}
    made = engineer.post("/api/v1/dataset/", described)
    assert not made.ok, made.text[:300]
    assert "trick" not in admin.list("dataset")


def test_templates_in_sql_stay_text(
    sign_in: Callable[[str], SupersetSession], database: int
) -> None:
    answer = sign_in("analyst").sql(database, "select '{{ current_username() }}' as x")
    assert answer.json()["data"] == [{"x": "{{ current_username() }}"}]


@pytest.mark.parametrize("user", ["owner", MANAGER])
def test_who_reads_dashboards_writes_no_sql(
    user: str, sign_in: Callable[[str], SupersetSession], database: int
) -> None:
    session = sign_in(user)
    assert session.sql(database, "select 1").status_code == 403
    assert session.get("/sqllab/").status_code == 403
    made = {"database": database, "schema": "marts", "table_name": "x", "sql": "select 1"}
    assert session.post("/api/v1/dataset/", made).status_code == 403


# -- the same with nothing but PostgreSQL in the way ---------------------------------------

DIRECT = [
    "create table marts.mine (a int)",
    "create table public.mine (a int)",
    "create temporary table mine (a int)",
    "create schema mine",
    "create function marts.mine() returns int language sql as 'select 1'",
    "create extension dblink",
    "create role mine",
    "insert into marts.dim_dates default values",
    "update marts.dim_dates set is_closed = true",
    "delete from marts.dim_dates",
    "truncate marts.dim_dates",
    "drop table marts.dim_dates",
    "comment on table marts.dim_dates is 'mine'",
    "alter table marts.rpt_sales_daily disable row level security",
    "create policy mine on marts.rpt_sales_daily using (true)",
    "drop policy own_locations on marts.rpt_sales_daily",
    "copy marts.dim_dates from stdin",
    "copy (select 1) to program 'id'",
    "copy (select 1) to '/tmp/mine'",
    "set role postgres",
    "set role {database}_transformer",
    "set session authorization {database}_transformer",
    "alter role {database}_transformer password 'mine'",
    "alter role {database}_analyst in database {database} set search_path = vault",
    "select query_to_xml('select 1', true, true, '')",
    "select U&\"\\0071uery_to_xml\"('select 1', true, true, '')",
    "select * from ts_stat('select to_tsvector(''a'')')",
    "select lo_creat(-1)",
    "select lo_import('/etc/passwd')",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select pg_sleep(1)",
    "select pg_reload_conf()",
    "select * from pg_authid",
    "select * from access.manager_locations",
    "insert into access.manager_locations values (session_user, 'Lakeside')",
    "begin; lock table marts.dim_dates in access exclusive mode",
]


@pytest.mark.parametrize("statement", DIRECT)
@pytest.mark.parametrize("name", ["bi_reader", MANAGER])
def test_postgresql_itself_refuses(
    name: str,
    statement: str,
    login: Callable[..., psycopg.Connection],
    running_hub: RunningHub,
) -> None:
    filled = statement.replace("{database}", running_hub.warehouse.database)
    with login(name) as connection:
        connection.execute("set default_transaction_read_only = off")
        statement_itself = filled.replace("set role postgres", "set role hub_admin")
        with pytest.raises(REFUSED):
            connection.execute(statement_itself)


@pytest.mark.parametrize("name", ["bi_reader", MANAGER])
def test_nobody_passes_on_what_he_may_read(
    name: str, login: Callable[..., psycopg.Connection], administrator: psycopg.Connection
) -> None:
    with login(name) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.execute("grant select on marts.dim_dates to public")  # a warning, no error
    rights = administrator.execute(
        "select has_table_privilege('public', 'marts.dim_dates', 'select')"
    )
    assert rights.fetchone() == (False,)


@pytest.mark.parametrize("schema", CLOSED_SCHEMAS)
@pytest.mark.parametrize("name", ["bi_reader", MANAGER])
def test_other_schemas_cannot_be_read(
    name: str, schema: str, login: Callable[..., psycopg.Connection]
) -> None:
    with login(name) as connection:
        connection.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        allowed = connection.execute("select has_schema_privilege(%s, 'usage')", (schema,))
        assert allowed.fetchone() == (False,)


@pytest.mark.parametrize("name", ["bi_reader", MANAGER])
def test_other_databases_cannot_be_reached(
    name: str, login: Callable[..., psycopg.Connection], warehouse_factory: WarehouseFactory
) -> None:
    for other in (warehouse_factory().database, "hub_superset", "hub_dagster"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            login(name, other)


@pytest.mark.parametrize("name", ["bi_reader", MANAGER])
def test_a_login_is_limited_in_time_and_number(
    name: str, login: Callable[..., psycopg.Connection], administrator: psycopg.Connection
) -> None:
    with login(name) as connection:
        assert connection.execute("show statement_timeout").fetchone() == ("30s",)
        assert connection.execute("show default_transaction_read_only").fetchone() == ("on",)
        limit = administrator.execute(
            "select rolconnlimit between 1 and 40 from pg_roles where rolname = %s",
            (connection.info.user,),
        )
        assert limit.fetchone() == (True,)


def test_a_manager_reads_the_rows_of_his_location_in_every_mart_and_nothing_else(
    login: Callable[..., psycopg.Connection], administrator: psycopg.Connection
) -> None:
    marts = administrator.execute(
        "select relname, exists (select from pg_attribute where attrelid = pg_class.oid "
        "and attname = 'location_name') from pg_class "
        "where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v') order by 1"
    ).fetchall()
    read = {}
    with login(MANAGER) as connection:
        for mart, has_locations in marts:
            told = sql.SQL("select count(*), md5(string_agg(t::text, '' order by t::text)) from (")
            table = sql.Identifier("marts", mart)
            everything = told + sql.SQL("select * from {}) as t").format(table)
            own = told + sql.SQL("select * from {} where location_name = {}) as t").format(
                table, sql.Literal(PLACE)
            )
            try:
                seen = connection.execute(everything).fetchone()
            except psycopg.errors.InsufficientPrivilege:
                continue
            assert seen == administrator.execute(own if has_locations else everything).fetchone()
            read[mart] = seen and seen[0]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute("set row_security = off; select * from marts.rpt_sales_daily")
    assert {mart for mart, has_locations in marts if mart in read and not has_locations} == {
        "dim_channels", "dim_dates", "dim_report_date",
    }  # fmt: skip
    assert len(read) >= 14
    assert all(read.values()), "a mart without rows of the location shows nothing either way"


def test_what_guards_rows_is_on_every_mart_that_managers_read_by_location(
    running_hub: RunningHub, administrator: psycopg.Connection
) -> None:
    group = f"{running_hub.warehouse.database}_location_manager"
    unguarded = administrator.execute(
        """
        select relname from pg_class
        where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')
            and has_any_column_privilege(%s, oid, 'select')
            and exists (
                select from pg_attribute where attrelid = pg_class.oid and attname = 'location_name'
            )
            and not case
                when relkind = 'r' then relrowsecurity
                else pg_get_viewdef(oid) like '%%access.my_locations%%'
                    and 'security_barrier=true' = any(coalesce(reloptions, '{}'))
            end
        """,
        (group,),
    )
    assert unguarded.fetchall() == []


def test_a_manager_sees_no_other_row_while_his_marts_are_built_anew(
    running_hub: RunningHub, login: Callable[..., psycopg.Connection]
) -> None:
    warehouse = running_hub.warehouse
    marts = ["rpt_sales_hourly", "dim_locations"]
    build = ["run", "--full-refresh", "--quiet", "--select", *marts]
    with hub_dbt.environment(warehouse), login(MANAGER) as connection:
        building = subprocess.Popen(
            [str(hub_dbt.DBT_EXECUTABLE), *build],
            cwd=PROJECT_ROOT,
        )
        seen, looks = set(), 0
        while building.poll() is None:
            for mart in marts:
                try:
                    found = connection.execute(f"select distinct location_name from {mart}")
                    seen |= set(found.fetchall())
                    looks += 1
                except psycopg.errors.UndefinedTable:  # it was swapped in this moment
                    pass
    assert building.returncode == 0
    assert looks > 100
    assert seen == {(PLACE,)}


def test_all_others_read_all_locations(
    running_hub: RunningHub, administrator: psycopg.Connection
) -> None:
    count = "select count(*), count(distinct location_name) from marts.rpt_sales_daily"
    everything = administrator.execute(count).fetchone()
    for role in ("transformer", "quality", "analyst", "bi_reader"):
        with running_hub.warehouse.connect(role) as connection:
            assert connection.execute(count).fetchone() == everything


def test_a_managers_query_asks_for_his_locations_once_and_not_for_each_row(
    login: Callable[..., psycopg.Connection],
) -> None:
    with login(MANAGER) as connection:
        plan = connection.execute("explain select * from marts.rpt_sales_daily").fetchall()
    assert any("hashed SubPlan" in line for (line,) in plan)


def test_statistics_of_the_planner_do_not_tell_of_other_locations(
    login: Callable[..., psycopg.Connection],
) -> None:
    with login(MANAGER) as connection:
        found = connection.execute("select * from pg_stats where tablename = 'rpt_sales_daily'")
        assert found.fetchall() == []


# -- rows of a location, by HTTP ----------------------------------------------------------


def _charts_of(session: SupersetSession, slug: str) -> list[int]:
    answer = session.get(f"/api/v1/dashboard/{slug}/charts")
    assert answer.ok, answer.text[:300]
    return [chart["id"] for chart in answer.json()["result"]]


def _saved_context(admin: SupersetSession, chart: int) -> dict[str, Any]:
    saved = admin.get(f"/api/v1/chart/{chart}").json()["result"]["query_context"]
    context: dict[str, Any] = json.loads(saved)
    return context


def _with_filter(context: dict[str, Any], filter_: dict[str, Any]) -> dict[str, Any]:
    queries = [{**q, "filters": [*q.get("filters", []), filter_]} for q in context["queries"]]
    return {**context, "queries": queries}


def _data(session: SupersetSession, context: dict[str, Any]) -> list[list[str]]:
    """Rows of each query of a chart, in an order of ours: SQL without one gives any."""
    return _results(session.post("/api/v1/chart/data", context))


def _results(answer: requests.Response) -> list[list[str]]:
    assert answer.ok, answer.text[:500]
    return [
        sorted(json.dumps(row, sort_keys=True) for row in result["data"])
        for result in answer.json()["result"]
    ]


def _open_charts(
    manager: SupersetSession, admin: SupersetSession
) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """Charts of the manager's dashboards: id, query, whether its mart knows locations."""
    for slug in sorted(manager.list("dashboard")):
        for chart in _charts_of(manager, slug):
            context = _saved_context(admin, chart)
            dataset = admin.get(f"/api/v1/dataset/{context['datasource']['id']}").json()["result"]
            columns = {column["column_name"] for column in dataset["columns"]}
            yield chart, context, "location_name" in columns


def test_a_manager_opens_the_dashboards_that_are_for_him_and_no_others(
    manager: SupersetSession, admin: SupersetSession
) -> None:
    mine = manager.list("dashboard")
    assert {"sales", "inventory"} <= set(mine)
    for slug, number in admin.list("dashboard").items():
        for name in (slug, number):
            answer = manager.get(f"/api/v1/dashboard/{name}")
            assert answer.ok == (slug in mine), slug
            assert manager.get(f"/api/v1/dashboard/{name}/charts").ok == (slug in mine)
            assert manager.get(f"/api/v1/dashboard/{name}/datasets").ok == (slug in mine)


def test_each_chart_shows_a_manager_what_the_administrator_sees_of_his_location(
    manager: SupersetSession, admin: SupersetSession
) -> None:
    compared = telling = 0
    empty = set()
    for chart, context, has_locations in _open_charts(manager, admin):
        seen = _data(manager, context)
        expected = _data(admin, _with_filter(context, OWN) if has_locations else context)
        assert seen == expected, chart
        empty |= set() if any(seen) else {chart}
        compared += 1
        if has_locations:
            telling += seen != _data(admin, context)
            assert _data(manager, _with_filter(context, OTHER)) == _data(
                admin, _with_filter(context, {**OWN, "val": ["Nowhere"]})
            )
    assert len(empty) <= 1, "one location may have no dead stock; all else has rows"
    assert compared >= 20
    assert telling >= 18, "most charts look otherwise for all locations together"


@pytest.mark.parametrize("result_format", ["csv", "xlsx"])
def test_exports_hold_the_rows_of_the_location_only(
    result_format: str, manager: SupersetSession, datasets: dict[str, int]
) -> None:
    asked = {"columns": ["location_name"], "metrics": ["net_sales"], "result_format": result_format}
    answer = manager.ask(datasets["rpt_sales_daily"], **asked)
    assert answer.ok, answer.text[:300]
    if result_format == "csv":
        table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None
        table = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert [row[0] for row in table[1:]] == [PLACE]


def test_nobody_gets_what_was_cached_for_another(
    manager: SupersetSession,
    sign_in: Callable[[str], SupersetSession],
    datasets: dict[str, int],
    running_hub: RunningHub,
) -> None:
    owner, sales = sign_in("owner"), datasets["rpt_sales_daily"]
    asked = "select distinct location_name from marts.rpt_sales_daily where location_name <> ''"
    everywhere = set(running_hub.sql(asked))
    assert len(everywhere) > 1
    marker = f"{time.time_ns()}"  # nobody has asked this before
    for first, second in ((owner, manager), (manager, owner)):
        query = {
            "columns": ["location_name"],
            "metrics": ["net_sales"],
            "extras": {"where": f"'{marker}{first is owner}' <> ''"},
        }
        answers = {
            session: [session.ask(sales, **query) for _ in range(2)] for session in (first, second)
        }
        for session, (fresh, cached) in answers.items():
            assert not fresh.json()["result"][0]["is_cached"]
            assert cached.json()["result"][0]["is_cached"]
            places = {row["location_name"] for row in rows(cached)}
            assert rows(fresh) == rows(cached)
            assert places == ({PLACE} if session is manager else everywhere)


def test_a_manager_who_may_write_sql_still_sees_his_rows_only(
    manager: SupersetSession,
    admin: SupersetSession,
    datasets: dict[str, int],
    database: int,
) -> None:
    question = "?q=(page_size:100)"
    roles = {r["name"]: r["id"] for r in _listed(admin, f"/api/v1/security/roles/{question}")}
    users = {u["username"]: u["id"] for u in _listed(admin, f"/api/v1/security/users/{question}")}

    def give(*names: str) -> None:
        body = {"roles": [roles[name] for name in names]}
        address = f"{admin.url}/api/v1/security/users/{users[MANAGER]}"
        answer = admin.http.put(address, json=body, timeout=60)
        assert answer.ok, answer.text[:300]

    for others in (("location_manager", "analyst"), ("analyst",), ("Admin",)):
        give(*others)
        try:
            asked = "select distinct location_name from marts.rpt_sales_daily"
            answer = manager.sql(database, asked)
            assert answer.json()["data"] == [{"location_name": PLACE}]
            assert not manager.sql(database, "select * from marts.dim_customers").ok
            seen = rows(manager.ask(datasets["rpt_sales_daily"], columns=["location_name"]))
            assert seen == [{"location_name": PLACE}]
        finally:
            give("location_manager")
    assert manager.sql(database, "select 1").status_code == 403


def _listed(session: SupersetSession, path: str) -> list[dict[str, Any]]:
    answer = session.get(path)
    assert answer.ok, answer.text[:300]
    found: list[dict[str, Any]] = answer.json()["result"]
    return found


def test_a_role_of_superset_alone_shows_nothing_of_the_warehouse(
    admin: SupersetSession, running_hub: RunningHub, datasets: dict[str, int]
) -> None:
    roles = {
        r["name"]: r["id"] for r in _listed(admin, "/api/v1/security/roles/?q=(page_size:100)")
    }
    described = {
        "username": "stranger", "first_name": "A", "last_name": "Stranger", "active": True,
        "email": "stranger@example.com", "password": "Str4nger-in-a-test",
        "roles": [roles["location_manager"], roles["Gamma"]],
    }  # fmt: skip
    made = admin.post("/api/v1/security/users/", described)
    assert made.ok, made.text[:300]
    try:
        stranger = SupersetSession(running_hub.superset_url, "stranger", described["password"])
        answer = stranger.ask(datasets["rpt_sales_daily"], columns=["location_name"])
        assert answer.status_code == 403
        assert "may not ask the warehouse" in answer.text
    finally:
        number = made.json()["id"]
        admin.http.delete(f"{admin.url}/api/v1/security/users/{number}", timeout=60)


# -- other people, other objects, signing in ----------------------------------------------


@pytest.mark.parametrize("user", ["owner", MANAGER, "analyst", "engineer"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/security/users/",
        "/api/v1/security/roles/",
        "/api/v1/security/permissions/",
        "/api/v1/log/",
        "/api/v1/rowlevelsecurity/",
        "/api/v1/assets/export/",
        "/users/list/",
        "/roles/list/",
        "/superset/explore_json/?form_data={}",
    ],
)
def test_users_roles_logs_and_rules_are_the_administrators(
    user: str, path: str, sign_in: Callable[[str], SupersetSession]
) -> None:
    answer = sign_in(user).get(path, allow_redirects=False)
    assert answer.status_code in {302, 403, 404}, answer.text[:300]
    if answer.status_code == 302:
        assert "/login" in answer.headers["Location"]


@pytest.mark.parametrize("user", ["owner", MANAGER])
def test_a_reader_sees_neither_the_connection_nor_datasets(
    user: str, sign_in: Callable[[str], SupersetSession], datasets: dict[str, int], database: int
) -> None:
    session, sales = sign_in(user), datasets["rpt_sales_daily"]
    for path in (
        "/api/v1/database/",
        f"/api/v1/database/{database}",
        f"/api/v1/database/{database}/connection",
        f"/api/v1/database/export/?q=!({database})",
        "/api/v1/dataset/",
        f"/api/v1/dataset/{sales}",
        f"/api/v1/dataset/export/?q=!({sales})",
        "/api/v1/dashboard/export/?q=!(1,2,3)",
        "/api/v1/chart/export/?q=!(1,2,3)",
        "/api/v1/query/",
        "/api/v1/saved_query/",
    ):
        assert session.get(path).status_code in {403, 404}, path


def test_datasets_of_other_marts_are_closed_to_a_manager(
    manager: SupersetSession, datasets: dict[str, int], admin: SupersetSession
) -> None:
    opened = {context["datasource"]["id"] for _, context, _ in _open_charts(manager, admin)}
    closed = 0
    for name, number in datasets.items():
        answer = manager.ask(number, metrics=[_metric("count(*)")])
        if answer.ok:
            continue
        assert answer.status_code in {400, 403}, name
        closed += answer.status_code == 403
        assert number not in opened or name == "rpt_data_freshness", name
    assert closed >= 15


def test_a_chart_of_another_dashboard_is_not_smuggled_in_under_a_managers_own(
    manager: SupersetSession, admin: SupersetSession, datasets: dict[str, int]
) -> None:
    dashboards = admin.list("dashboard")
    contexts = {chart: _saved_context(admin, chart) for chart in _charts_of(admin, "profit")}
    books = [
        c for c in contexts if contexts[c]["datasource"]["id"] == datasets["rpt_profit_and_loss"]
    ]
    for chart in books:
        for dashboard in (dashboards["sales"], dashboards["profit"]):
            form = {"slice_id": chart, "dashboardId": dashboard}
            asked = {**contexts[chart], "form_data": form}
            assert manager.post("/api/v1/chart/data", asked).status_code == 403
    assert books


@pytest.mark.parametrize("kind", ["dashboard", "chart", "dataset", "database"])
@pytest.mark.parametrize("user", ["owner", MANAGER, "analyst", "engineer"])
def test_nobody_can_list_who_else_has_an_account(
    user: str, kind: str, sign_in: Callable[[str], SupersetSession]
) -> None:
    session = sign_in(user)
    own = session.get("/api/v1/me/").json()["result"]["id"]
    for field in ("owners", "created_by", "changed_by"):
        answer = session.get(f"/api/v1/{kind}/related/{field}")
        if answer.ok:
            assert {person["value"] for person in answer.json()["result"]} <= {own}


def test_signing_in_does_not_tell_who_has_an_account(running_hub: RunningHub) -> None:
    with _from_address(running_hub.superset_url, "127.0.0.4") as http:
        said = {
            user: http.post(
                f"{running_hub.superset_url}/api/v1/security/login",
                json={"username": user, "password": "wrong", "provider": "db"},
                timeout=60,
            )
            for user in ("owner", "nobody-of-this-name")
        }
    assert {answer.status_code for answer in said.values()} == {401}
    assert said["owner"].text == said["nobody-of-this-name"].text


class _FromAddress(HTTPAdapter):
    """Connects from another address of this computer, so that it is locked out and not we."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(  # type: ignore[no-untyped-call]
            *arguments, **options, source_address=(self.address, 0)
        )


@contextmanager
def _from_address(url: str, address: str) -> Iterator[requests.Session]:
    with requests.Session() as http:
        http.mount(url, _FromAddress(address))
        yield http


@pytest.mark.parametrize(
    ("path", "address"), [("/login/", "127.0.0.2"), ("/api/v1/security/login", "127.0.0.3")]
)
def test_after_ten_wrong_passwords_the_right_one_is_refused_too(
    path: str, address: str, running_hub: RunningHub
) -> None:
    url = running_hub.superset_url
    with _from_address(url, address) as http:

        def attempt(password: str) -> int:
            entered = {"username": "owner", "password": password}
            if path.startswith("/api/"):
                body = {**entered, "provider": "db"}
                return http.post(url + path, json=body, timeout=60).status_code
            page = http.get(f"{url}/login/", timeout=60).text
            form = {**entered, "csrf_token": _token_of(page)}
            return http.post(url + path, data=form, timeout=60).status_code

        codes = [attempt("wrong") for _ in range(10)]
        assert 429 not in codes
        assert attempt(running_hub.passwords["owner"]) == 429


def _token_of(page: str) -> str:
    found = re.search(r"csrf_token&#34;: &#34;([^&]+)&#34;|csrf_token\"[^>]*value=\"([^\"]+)", page)
    assert found
    return found.group(1) or found.group(2)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/sqllab/execute/"),
        ("PUT", "/api/v1/me/"),
        ("POST", "/api/v1/dashboard/1/filter_state"),
        ("POST", "/api/v1/security/guest_token/"),
        ("POST", "/api/v1/dataset/"),
        ("DELETE", "/api/v1/chart/1"),
    ],
)
def test_a_change_without_the_sessions_token_is_refused(
    method: str, path: str, admin: SupersetSession
) -> None:
    headers = {"X-CSRFToken": "", "Referer": "https://elsewhere.example"}
    address = f"{admin.url}{path}"
    answer = admin.http.request(method, address, json={}, headers=headers, timeout=60)
    assert answer.status_code == 400
    assert "CSRF" in answer.text


# -- secrets and personal data ------------------------------------------------------------


def test_passwords_are_in_no_answer_and_in_no_log(
    running_hub: RunningHub,
    admin: SupersetSession,
    sign_in: Callable[[str], SupersetSession],
    database: int,
) -> None:
    private = (hub_home() / "credentials.json", services.superset_secrets_path())
    passwords = [value for path in private for value in json.loads(path.read_text()).values()]
    analyst = sign_in("analyst")
    said = "".join(
        answer.text
        for answer in (
            admin.get("/api/v1/database/"),
            admin.get(f"/api/v1/database/{database}"),
            admin.get(f"/api/v1/database/{database}/connection"),
            admin.get("/api/v1/log/"),
            admin.get("/api/v1/query/"),
            analyst.sql(database, "select * from vault.keys"),
            analyst.sql(database, "select broken from"),
        )
    )
    logs = [path.read_text(errors="replace") for path in (hub_home() / "logs").glob("*.log")]
    assert any("user=analyst" in log and "sql=" in log for log in logs), "queries are on record"
    assert len(passwords) >= 15
    assert not [p for p in passwords if p in said or any(p in log for log in logs)]
    assert oct(Path(os.environ["HUB_HOME"], "superset-managers.json").stat().st_mode)[-3:] == "600"
    assert running_hub.warehouse.password("bi_reader") not in repr(running_hub.warehouse)


PERSONAL = "|".join(
    (
        r"[[:alnum:]._%+-]+@[[:alnum:].-]+\.[a-z]{2,}",  # an e-mail address
        r"(^|[^[:alnum:]-])(\+[0-9]{1,3}[ .-]?)?\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}($|[^0-9])",
        r"^[0-9]+ [[:alpha:] ]+ (street|st|avenue|ave|road|rd|lane|ln)\.?$",
    )
)
PERSONAL_NAMES = re.compile(
    r"e?_?mail|phone|street|address|first_name|last_name|full_name|birth|^name$|note|customer_name"
)


def test_no_column_of_a_dataset_holds_personal_data(
    running_hub: RunningHub, admin: SupersetSession, datasets: dict[str, int]
) -> None:
    examined = 0
    with running_hub.warehouse.connect("bi_reader", autocommit=True) as connection:
        for mart, number in datasets.items():
            described = admin.get(f"/api/v1/dataset/{number}").json()["result"]["columns"]
            columns = [
                c["column_name"]
                for c in described
                if not c["expression"] and c["type"] not in {"DATE", "BOOLEAN", "TIMESTAMP"}
            ]
            assert not [name for name in columns if PERSONAL_NAMES.search(name)], mart
            examined += len(columns)
            found = connection.execute(
                sql.SQL("select {} from {}").format(
                    sql.SQL(", ").join(
                        sql.SQL("min({0}::text) filter (where {0}::text ~* {1})").format(
                            sql.Identifier(column), sql.Literal(PERSONAL)
                        )
                        for column in columns
                    ),
                    sql.Identifier("marts", mart),
                )
            ).fetchone()
            assert found is not None
            shown = {c: value for c, value in zip(columns, found, strict=True) if value}
            assert not shown, f"{mart} holds personal data"
    assert examined > 200


# -- dashboards in other pages ------------------------------------------------------------


@pytest.mark.parametrize("user", ["owner", MANAGER, "analyst", "engineer", "admin"])
def test_nobody_makes_tokens_for_guests_where_embedding_is_off(
    user: str, sign_in: Callable[[str], SupersetSession], admin: SupersetSession
) -> None:
    answer = _ask_for_token(sign_in(user), MANAGER, admin.list("dashboard")["sales"])
    if user != "admin":
        assert answer.status_code == 403
    assert "frame-ancestors 'self';" in admin.get("/login/").headers["Content-Security-Policy"]
    guest = {"X-GuestToken": answer.json().get("token", "none")}
    page = requests.get(f"{admin.url}/api/v1/dashboard/sales", headers=guest, timeout=60)
    assert page.status_code in {401, 404}


def _ask_for_token(session: SupersetSession, name: str, dashboard: str | int) -> requests.Response:
    body = {
        "user": {"username": name},
        "resources": [{"type": "dashboard", "id": str(dashboard)}],
        "rls": [],
    }
    return session.post("/api/v1/security/guest_token/", body)


SITE = "https://intranet.example"


@pytest.fixture(scope="module")
def embedding(running_hub: RunningHub) -> Iterator[str]:
    """A Superset beside the running one whose business.toml would name a site."""
    warehouse: Warehouse = running_hub.warehouse
    port = services.free_port(8099)
    environment = services.environment_of("superset", warehouse)
    log = (hub_home() / "logs" / "superset-embedding.log").open("ab")
    process = subprocess.Popen(
        services.command_of("superset", port=port),
        env={**environment, "HUB_BI_EMBEDDING_ADDRESSES": SITE},
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if requests.get(f"{url}/health", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.5)
        yield url
    finally:
        process.send_signal(signal.SIGQUIT)  # without waiting for open connections
        process.wait(30)
        log.close()


@pytest.fixture(scope="module")
def embedded(embedding: str, running_hub: RunningHub) -> tuple[SupersetSession, str]:
    """The administrator there, and the id under which the sales dashboard may be embedded."""
    admin = SupersetSession(embedding, "admin", running_hub.passwords["admin"])
    answer = admin.post("/api/v1/dashboard/sales/embedded", {"allowed_domains": [SITE]})
    assert answer.ok, answer.text[:300]
    return admin, answer.json()["result"]["uuid"]


class _Guest:
    """Whoever looks at another site's page, with nothing but a token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers = {"X-GuestToken": token}

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers=self.headers, timeout=60)

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(f"{self.url}{path}", json=body, headers=self.headers, timeout=60)


def _asked_by_page(context: dict[str, Any], chart: int, dashboard: int) -> dict[str, Any]:
    return {**context, "form_data": {"slice_id": chart, "dashboardId": dashboard}}


def test_an_embedded_guest_sees_the_rows_of_the_named_manager(
    embedded: tuple[SupersetSession, str],
) -> None:
    admin, uuid = embedded
    token = _ask_for_token(admin, MANAGER, uuid)
    assert token.ok, token.text[:300]
    guest = _Guest(admin.url, token.json()["token"])
    dashboards = admin.list("dashboard")
    compared = 0
    for chart in _charts_of(admin, "sales"):
        context = _saved_context(admin, chart)
        answer = guest.post(
            "/api/v1/chart/data", _asked_by_page(context, chart, dashboards["sales"])
        )
        dataset = admin.get(f"/api/v1/dataset/{context['datasource']['id']}").json()["result"]
        has_locations = "location_name" in {c["column_name"] for c in dataset["columns"]}
        expected = _data(admin, _with_filter(context, OWN) if has_locations else context)
        assert _results(answer) == expected
        compared += has_locations
    assert compared >= 7
    assert guest.get("/api/v1/dashboard/sales").ok


def test_an_embedded_guest_reaches_nothing_else(embedded: tuple[SupersetSession, str]) -> None:
    admin, uuid = embedded
    guest = _Guest(admin.url, _ask_for_token(admin, MANAGER, uuid).json()["token"])
    dashboards = admin.list("dashboard")
    for path in (
        "/api/v1/dashboard/profit",
        "/api/v1/dashboard/inventory",
        "/api/v1/database/",
        "/api/v1/dataset/",
        "/api/v1/security/users/",
        "/api/v1/log/",
    ):
        assert guest.get(path).status_code in {401, 403, 404}, path
    assert guest.post("/api/v1/sqllab/execute/", {}).status_code in {400, 401, 403}
    again = {"user": {"username": MANAGER}, "resources": [], "rls": []}
    assert guest.post("/api/v1/security/guest_token/", again).status_code in {400, 401, 403}
    sales = admin.list("dataset")["rpt_sales_daily"]
    asked = next(
        _asked_by_page(context, chart, dashboards["sales"])
        for chart in _charts_of(admin, "sales")
        for context in [_saved_context(admin, chart)]
        if context["datasource"]["id"] == sales
    )
    # Superset lets a guest ask such a chart's mart for other columns, too: of his rows.
    changed = {**asked, "queries": [{**asked["queries"][0], "metrics": [_metric("count(*)")]}]}
    seen = _results(guest.post("/api/v1/chart/data", changed))
    assert seen == _data(admin, _with_filter(changed, OWN))
    assert seen != _data(admin, changed)
    other = _charts_of(admin, "profit")[0]
    for dashboard in (dashboards["sales"], dashboards["profit"]):
        stolen = _asked_by_page(_saved_context(admin, other), other, dashboard)
        assert guest.post("/api/v1/chart/data", stolen).status_code == 403


@pytest.mark.parametrize("name", ["owner", "admin", "nobody-of-this-name"])
def test_a_guest_who_is_no_manager_gets_no_token_and_a_forged_one_shows_nothing(
    name: str, embedded: tuple[SupersetSession, str]
) -> None:
    admin, uuid = embedded
    assert _ask_for_token(admin, name, uuid).status_code == 400
    secret = json.loads(services.superset_secrets_path().read_text())["guest_token_secret"]
    forged = _Guest(admin.url, _signed(name, uuid, secret))
    dashboard = admin.list("dashboard")["sales"]
    for chart in _charts_of(admin, "sales"):
        asked = _asked_by_page(_saved_context(admin, chart), chart, dashboard)
        assert _data(admin, asked), "whose answer is in the cache"
        answer = forged.post("/api/v1/chart/data", asked)
        assert answer.status_code == 401, answer.text[:300]
    unknown = _Guest(admin.url, _signed(MANAGER, uuid, "test-guest-secret-change-me"))
    assert unknown.post("/api/v1/chart/data", asked).status_code == 401


def _signed(name: str, dashboard: str, secret: str) -> str:
    """A guest's token as Superset makes it, for any name (RFC 7519, HS256)."""
    now = int(time.time())
    claims = {
        "user": {"username": name},
        "resources": [{"type": "dashboard", "id": dashboard}],
        "rls_rules": [],
        "iat": now,
        "exp": now + 300,
        "aud": "http://0.0.0.0:8080/",
        "type": "guest",
    }
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    signature = hmac.new(secret.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize("user", ["owner", MANAGER, "analyst", "engineer"])
def test_only_the_administrator_makes_tokens_for_guests(
    user: str, embedded: tuple[SupersetSession, str], running_hub: RunningHub
) -> None:
    admin, uuid = embedded
    session = SupersetSession(admin.url, user, running_hub.passwords[user])
    assert _ask_for_token(session, MANAGER, uuid).status_code == 403


def test_only_the_named_site_may_show_the_dashboards(embedded: tuple[SupersetSession, str]) -> None:
    admin, uuid = embedded
    headers = requests.get(f"{admin.url}/login/", timeout=60).headers
    assert f"frame-ancestors 'self' {SITE};" in headers["Content-Security-Policy"]
    page = f"{admin.url}/embedded/{uuid}"
    for site, code in ((SITE, 200), ("https://elsewhere.example", 403)):
        answer = requests.get(page, headers={"Referer": f"{site}/page"}, timeout=60)
        assert answer.status_code == code


# -- hiring and leaving -------------------------------------------------------------------


def test_who_is_added_to_the_business_sees_his_location_and_who_is_removed_sees_nothing(
    running_hub: RunningHub, datasets: dict[str, int], manager: SupersetSession
) -> None:
    settings = folder() / "business.toml"
    before = settings.read_text(encoding="utf-8")
    added = f'\n[[location_managers]]\nuser = "ben"\nlocations = ["{OTHER_PLACE}"]\n'
    sales = datasets["rpt_sales_daily"]
    try:
        settings.write_text(before + added, encoding="utf-8")
        done = run_hub_command("up")
        assert done.returncode == 0, done.stdout + done.stderr
        said = re.search(r"as ben with (\S+)", done.stdout)
        assert said, done.stdout
        ben = SupersetSession(running_hub.superset_url, "ben", said.group(1))
        assert rows(ben.ask(sales, columns=["location_name"])) == [{"location_name": OTHER_PLACE}]
    finally:
        settings.write_text(before, encoding="utf-8")
        assert run_hub_command("up").returncode == 0
    assert ben.get("/api/v1/me/").status_code == 401
    assert ben.ask(sales, columns=["location_name"]).status_code == 401
    with pytest.raises(AssertionError, match="could not sign in"):
        SupersetSession(running_hub.superset_url, "ben", said.group(1))
    assert rows(manager.ask(sales, columns=["location_name"])) == [{"location_name": PLACE}]
