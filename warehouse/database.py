"""One database per business: its schemas, its roles, and who may do what.

Every role exists once per business, so an analyst of one business cannot even connect to
another's database. Opening a warehouse twice changes nothing.
"""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, LiteralString, get_args

import psycopg
from psycopg import sql

from warehouse.business import Business
from warehouse.errors import HubError
from warehouse.home import hub_home, write_private
from warehouse.server import Server, ensure_server

Role = Literal[
    "loader", "transformer", "ml", "quality", "privacy", "messenger", "analyst", "bi_reader"
]
ROLES: tuple[Role, ...] = get_args(Role)
Service = Literal["dagster", "superset"]

API_SCHEMAS = ("raw_shopify", "raw_square", "raw_quickbooks")
RAW_SCHEMAS = ("raw_spreadsheets", *API_SCHEMAS)
SETTINGS_TABLES = ("business", "locations", "closures", "clock", "hour")

# Schema -> its owner. "admin" owns what no working role may alter.
SCHEMA_OWNERS: dict[str, Role | Literal["admin"]] = {
    **dict.fromkeys(RAW_SCHEMAS, "loader"),
    # Rows on their way into the tables of the same names; emptied when they are there.
    **dict.fromkeys((f"{schema}_staging" for schema in API_SCHEMAS), "loader"),
    # business.toml as tables, for the models.
    "settings": "admin",
    "staging": "transformer",
    "intermediate": "transformer",
    "features": "transformer",
    "marts": "transformer",
    "ml": "ml",
    "quality": "admin",
    "audit": "admin",
    "vault": "admin",
    "analyst_sandbox": "analyst",
    "access": "admin",
}

# (owner, schema) whose present and future tables a role may read.
READERS: tuple[tuple[Role, str, Role], ...] = (
    *(
        (("loader"), schema, reader)
        for schema in RAW_SCHEMAS
        for reader in ("transformer", "quality")
    ),
    ("transformer", "features", "ml"),
    ("transformer", "intermediate", "ml"),  # who is one person is found out before there are marts
    ("transformer", "marts", "quality"),
    ("transformer", "marts", "analyst"),
    ("transformer", "marts", "bi_reader"),
    ("ml", "ml", "transformer"),
    ("ml", "ml", "quality"),
)

# Location managers have a login each and this group in common: all that they may do, they may as
# its members. The macro `let_managers_read` gives it the marts, row by row.
MANAGERS_GROUP = "location_manager"
DASHBOARD_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "search_path": "marts",
}
MANAGER_CONNECTIONS = 10
# What `create database` is told beside the owner; a server that is thrown away may copy files.
DATABASE_OPTIONS: LiteralString = ""

# Roles that work for people at the dashboards; they may not even make temporary tables.
READ_ONLY_ROLES: frozenset[Role] = frozenset({"bi_reader"})

# Functions that read past grants or files; nobody needs them for reporting.
DENIED_FUNCTIONS = (
    "query_to_xml",
    "query_to_xmlschema",
    "query_to_xml_and_xmlschema",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "table_to_xml",
    "table_to_xmlschema",
    "table_to_xml_and_xmlschema",
    "schema_to_xml",
    "schema_to_xmlschema",
    "schema_to_xml_and_xmlschema",
    "database_to_xml",
    "database_to_xmlschema",
    "database_to_xml_and_xmlschema",
    "ts_stat",
    "lo_import",
    "lo_export",
    "lo_get",
    "lo_put",
    "lo_from_bytea",
    "lo_create",
    "lo_creat",
    "lo_open",
    "lo_unlink",
    "loread",
    "lowrite",
    "pg_read_file",
    "pg_read_binary_file",
    "pg_ls_dir",
    "pg_stat_file",
    "pg_sleep",
    "pg_sleep_for",
    "pg_sleep_until",
)

ROLE_SETTINGS: dict[Role, dict[str, str]] = {
    "bi_reader": DASHBOARD_SETTINGS,
    "analyst": {"statement_timeout": "10min", "search_path": "marts, analyst_sandbox"},
    "transformer": {"search_path": "marts"},
    "ml": {"search_path": "ml"},
}
CONNECTION_LIMITS: dict[Role, int] = {"bi_reader": 40, "analyst": 20}

TABLES = """
create table if not exists quality.load_log (
    load_id text not null primary key,
    source_system text not null,
    table_name text not null,
    file_name text,
    file_sha256 text,
    file_bytes bigint,
    started_at timestamptz not null,
    finished_at timestamptz,
    status text not null check (status in ('loaded', 'unchanged', 'failed')),
    rows_read bigint not null default 0,
    rows_new bigint not null default 0,
    rows_updated bigint not null default 0,
    rows_unchanged bigint not null default 0,
    rows_quarantined bigint not null default 0,
    rows_skipped bigint not null default 0,
    message text,
    details jsonb,
    load_number bigint -- borne by the rows that it brought; loads came in this order
);
create table if not exists quality.quarantine (
    quarantine_id bigint generated always as identity primary key,
    load_id text not null,
    source_system text not null,
    table_name text not null,
    file_name text not null,
    row_number bigint,
    column_name text,
    raw_value_masked text,
    reason text not null,
    record jsonb,
    quarantined_at timestamptz not null default now(),
    resolved_at timestamptz
);
create table if not exists quality.source_totals (
    load_id text not null,
    source_system text not null,
    table_name text not null,
    sale_date date not null,
    currency_code text,
    measure text not null,
    amount numeric not null
);
create table if not exists quality.check_results (
    check_result_id bigint generated always as identity primary key,
    run_id text not null,
    check_name text not null,
    check_source text not null
        check (check_source in ('dbt', 'great_expectations', 'reconciliation')),
    asset_name text not null,
    severity text not null check (severity in ('error', 'warn')),
    status text not null check (status in ('pass', 'fail', 'warn', 'error', 'skipped')),
    observed_value text,
    message text,
    checked_at timestamptz not null default now()
);
create index if not exists check_results_latest
    on quality.check_results (check_name, checked_at desc);
create sequence if not exists quality.load_numbers;
create table if not exists quality.table_changes (
    schema_name text not null,
    table_name text not null,
    load_number bigint not null, -- of the newest load that changed it
    changed_at timestamptz not null default now(),
    primary key (schema_name, table_name)
);
create table if not exists quality.built_nodes (
    unique_id text not null primary key, -- dbt's name of a model, seed, snapshot or test
    code_digest text not null,
    load_number bigint not null, -- what it was built from had changed up to this number
    built_at timestamptz not null default now()
);
alter table quality.built_nodes add column if not exists changed_number bigint; -- of its own rows
alter table quality.built_nodes add column if not exists content_digest text; -- null while built
create table if not exists settings.business (
    is_only boolean not null primary key default true check (is_only), -- one row
    name text not null,
    time_zone text not null,
    currency_code text not null,
    country_code text not null,
    default_location_name text not null,
    default_channel_name text not null,
    week_start text not null,
    rfm_mode text not null
);
create table if not exists settings.locations (
    name text not null primary key,
    time_zone text,
    country_code text,
    currency_code text
);
create table if not exists settings.closures (
    first_date date not null,
    last_date date not null,
    primary key (first_date, last_date)
);
create table if not exists settings.clock (
    is_only boolean not null primary key default true check (is_only), -- one row
    today date not null, -- in the business's time zone
    as_of_date date -- null: report as of the last complete day
);
create table if not exists settings.hour (
    is_only boolean not null primary key default true check (is_only), -- one row
    hour integer not null -- of the day, in the business's time zone; changes every hour
);
create table if not exists audit.events (
    event_id bigint generated always as identity primary key,
    happened_at timestamptz not null default now(),
    actor text not null default session_user,
    action text not null,
    details jsonb not null
);
create table if not exists audit.deliveries (
    delivery_id bigint generated always as identity primary key,
    message_kind text not null check (message_kind in ('alert', 'failed_run', 'report', 'test')),
    subject_key text not null, -- of an insight, a run or a period
    channel text not null check (channel in ('mail', 'slack', 'console')),
    recipient_hash text not null, -- tells recipients apart; whose it is nobody can read from it
    impact_amount numeric,
    status text not null check (status in ('sent', 'failed')),
    attempts_count bigint not null,
    error text, -- without addresses and secrets
    delivered_at timestamptz not null default now()
);
create index if not exists deliveries_of_a_subject
    on audit.deliveries (recipient_hash, subject_key);
create table if not exists audit.snoozes (
    subject text not null primary key, -- key, kind or subject of alerts
    snoozed_until timestamptz not null,
    created_at timestamptz not null default now()
);
create table if not exists access.manager_locations (
    role_name text not null,
    location_name text not null,
    primary key (role_name, location_name)
);
-- Neither SET ROLE nor a setting changes session_user: who signed in is who he is.
create or replace view access.my_locations as
select location_name from access.manager_locations where role_name = session_user;
-- What a view asks for once per query; tables have policies instead.
create or replace function access.reads_every_location() returns boolean
language sql stable set search_path = pg_catalog as $$
    select not exists (
        select from pg_auth_members as membership
        inner join pg_roles as managers on membership.roleid = managers.oid
        inner join pg_roles as member on membership.member = member.oid
        where managers.rolname = current_database() || '_location_manager'
            and member.rolname = session_user
    )
$$;
create table if not exists vault.keys (
    key_id text not null primary key,
    wrapped_token_key bytea not null,
    created_at timestamptz not null default now(),
    is_active boolean not null
);
create table if not exists vault.personal_values (
    token text not null primary key,
    kind text not null,
    key_id text not null, -- of vault.keys; Vault.keep sees to it once per load, not once per row
    sealed_value bytea not null,
    created_at timestamptz not null default now()
);
create table if not exists vault.erased_tokens (
    token text not null primary key,
    erased_at timestamptz not null default now()
);
create table if not exists vault.connections (
    source_system text not null primary key,
    key_id text not null, -- of vault.keys
    sealed_value bytea not null, -- tokens and client secrets, as JSON
    state text not null check (state in ('connected', 'needs_reconnect')),
    state_reason text,
    version bigint not null, -- grows with every new set of tokens
    connected_at timestamptz not null default now(),
    rotated_at timestamptz,
    access_expires_at timestamptz
);
"""

# (privileges, table, role): the narrow doors into the administrator's tables.
TABLE_GRANTS: tuple[tuple[str, str, Role], ...] = (
    ("select, insert, update", "quality.load_log", "loader"),
    ("select, insert, update", "quality.quarantine", "loader"),
    ("select, insert, delete", "quality.source_totals", "loader"),
    ("select", "quality.load_log", "transformer"),
    ("select", "quality.quarantine", "transformer"),
    ("select", "quality.source_totals", "transformer"),
    ("select", "quality.check_results", "transformer"),
    ("select, insert", "quality.check_results", "quality"),
    *(
        ("select, insert, update", "quality.table_changes", role)
        for role in ("loader", "transformer", "ml")
    ),
    *(("usage", "sequence quality.load_numbers", role) for role in ("loader", "transformer", "ml")),
    ("select, insert, update, delete", "quality.built_nodes", "transformer"),
    *(
        grant
        for table in SETTINGS_TABLES
        for grant in (
            ("select, insert, delete", f"settings.{table}", "loader"),
            ("select", f"settings.{table}", "transformer"),
        )
    ),
    ("select", "quality.load_log", "quality"),
    ("select", "quality.quarantine", "quality"),
    ("select, insert, update", "vault.keys", "loader"),
    ("select (token), insert", "vault.personal_values", "loader"),
    ("select", "vault.erased_tokens", "loader"),
    # The loader calls the sources, so it alone reads and renews tokens; only the owner's role
    # forgets a connection.
    ("select, insert, update", "vault.connections", "loader"),
    ("insert (action, details)", "audit.events", "loader"),
    ("select, insert, update, delete", "vault.keys", "privacy"),
    ("select, insert, update, delete", "vault.personal_values", "privacy"),
    (
        "select (source_system, key_id, sealed_value), update (key_id, sealed_value), delete",
        "vault.connections",
        "privacy",
    ),
    ("select, insert", "vault.erased_tokens", "privacy"),
    ("select, insert (action, details)", "audit.events", "privacy"),
    # The marts' policies name it, and views look at it as their owner.
    ("select", "access.my_locations", "transformer"),
    ("select, insert", "audit.deliveries", "messenger"),
    ("select, insert, update, delete", "audit.snoozes", "messenger"),
)
SCHEMA_USERS: tuple[tuple[str, Role], ...] = (
    ("quality", "loader"),
    ("quality", "transformer"),
    ("quality", "quality"),
    ("quality", "ml"),
    ("settings", "loader"),
    ("settings", "transformer"),
    ("vault", "loader"),
    ("vault", "privacy"),
    ("audit", "loader"),
    ("audit", "privacy"),
    ("audit", "messenger"),
    ("access", "transformer"),
)


@dataclass(frozen=True)
class Warehouse:
    """A business's database and the credentials of its roles."""

    business: Business
    server: Server
    database: str
    passwords: dict[str, str] = field(repr=False)

    def role_name(self, role: Role) -> str:
        """The role's name in PostgreSQL, unique per business."""
        return f"{self.database}_{role}"

    def manager_name(self, user: str) -> str:
        """The login of a location manager in PostgreSQL; no role of a business has a hyphen."""
        return f"{self.database}-manager-{user}"

    @property
    def manager_logins(self) -> dict[str, tuple[str, str]]:
        """Location manager -> role and password in PostgreSQL; never log it."""
        names = {m.user: self.manager_name(m.user) for m in self.business.location_managers}
        return {user: (name, self.passwords[name]) for user, name in names.items()}

    def url(self, role: Role) -> str:
        """libpq URL of a role; holds its password, never log it."""
        name = self.role_name(role)
        return self.server.url(name, self.passwords[name], self.database)

    def connect(self, role: Role, *, autocommit: bool = False) -> psycopg.Connection:
        """Open a connection as a role."""
        return psycopg.connect(self.url(role), autocommit=autocommit)

    def password(self, role: Role) -> str:
        """A role's password, for tools that take it apart from the address."""
        return self.passwords[self.role_name(role)]

    def refresh_statistics(self, role: Role, schema: str) -> None:
        """Tell the planner of a role's tables in a schema that changed by a twentieth or more.

        The server does so by itself, but a minute later: models that are built right after a
        first load would be planned blindly, and take many times as long.
        """
        with self.connect(role, autocommit=True) as connection:
            changed = connection.execute(
                "select relname from pg_stat_user_tables where schemaname = %s "
                "and n_mod_since_analyze > 0 and n_mod_since_analyze >= 0.05 * n_live_tup",
                (schema,),
            ).fetchall()
            for (table,) in changed:
                connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, table)))


def open_warehouse(business: Business) -> Warehouse:
    """Make sure that the server runs and the business's database, roles and grants exist.

    Raises:
        HubError: the server cannot be started or reached, or refuses what is needed.
    """
    server = ensure_server()
    database = business.slug
    names = [f"{database}_{role}" for role in ROLES]
    managers = [f"{database}-manager-{manager.user}" for manager in business.location_managers]
    people = frozenset([*managers, *(f"{database}_{role}" for role in READ_ONLY_ROLES)])
    try:
        with _exclusive():
            _ensure_managers_group(server, database)
            _drop_former_managers(server, database, managers)
            passwords = _ensure_roles(server, [*names, *managers], renewed=people)
            _ensure_database(server, database, owner=server.admin_user)
            warehouse = Warehouse(business, server, database, passwords)
            with psycopg.connect(server.admin_url(database)) as connection:
                _ensure_schemas(connection, warehouse)
                _ensure_managers(connection, warehouse)
    except psycopg.errors.InsufficientPrivilege as error:
        raise HubError(
            f"The user of HUB_DATABASE_URL may not prepare the database: {error}.",
            fix="Use a user with CREATEDB and CREATEROLE.",
        ) from None
    except psycopg.errors.DiskFull:
        raise HubError(
            "The disk of the database server is full.",
            fix="Free some space and run the command again.",
        ) from None
    return warehouse


def prepared_warehouse(business: Business) -> Warehouse:
    """The warehouse of a business that was opened before, as it was left then.

    Raises:
        HubError: the server cannot be started or reached.
    """
    passwords = _known_passwords()
    if f"{business.slug}_{ROLES[0]}" not in passwords:
        return open_warehouse(business)
    return Warehouse(business, ensure_server(), business.slug, passwords)


def drop_warehouse(business: Business) -> None:
    """Delete the database of a business with all that is in it; who uses it is cut off."""
    server = ensure_server()
    with _exclusive(), psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(business.slug))
        )


def service_database_url(service: Service) -> str:
    """URL of the database in which Dagster or Superset keeps its own state."""
    server = ensure_server()
    name = f"hub_{service}"
    with _exclusive():
        passwords = _ensure_roles(server, [name])
        _ensure_database(server, name, owner=name)
    return server.url(name, passwords[name], name)


@contextmanager
def _exclusive() -> Iterator[None]:
    """Two hub commands at once prepare databases one after the other."""
    with (hub_home() / "prepare.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ensure_roles(
    server: Server, names: list[str], renewed: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Create missing roles; passwords are generated here and kept in one private file."""
    known = _known_passwords()
    passwords = {name: known.get(name) or secrets.token_urlsafe(24) for name in names}
    if any(name not in known for name in names):
        _write_passwords({**known, **passwords})
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        existing = {
            row[0]
            for row in connection.execute(
                "select rolname from pg_roles where rolname = any(%s)", (names,)
            )
        }
        for name in names:
            # Any role may change its own password; a person's one is set to ours again.
            if name in existing and name in known and name not in renewed:
                continue
            verb = sql.SQL("alter" if name in existing else "create")
            connection.execute(
                sql.SQL("{} role {} login noinherit password {}").format(
                    verb, sql.Identifier(name), sql.Literal(passwords[name])
                )
            )
    return {**known, **passwords}


def _ensure_managers_group(server: Server, database: str) -> None:
    """The role without a login that all location managers of a business are members of."""
    name = f"{database}_{MANAGERS_GROUP}"
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        if connection.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone():
            return
        connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))


def _drop_former_managers(server: Server, database: str, wanted: list[str]) -> None:
    """Who is no longer in ``business.toml`` loses his login; open sessions of his read nothing."""
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        former = [
            row[0]
            for row in connection.execute(
                "select rolname from pg_roles "
                "where starts_with(rolname, %s) and rolname <> all(%s)",
                (f"{database}-manager-", wanted),
            )
        ]
        for name in former:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
    known = _known_passwords()
    if any(name in known for name in former):
        _write_passwords({name: known[name] for name in known if name not in former})


def _known_passwords() -> dict[str, str]:
    path = hub_home() / "credentials.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return known


def _write_passwords(passwords: dict[str, str]) -> None:
    write_private(hub_home() / "credentials.json", json.dumps(passwords, indent=1))


def _ensure_database(server: Server, database: str, owner: str) -> None:
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        found = connection.execute(
            "select 1 from pg_database where datname = %s", (database,)
        ).fetchone()
        if found:
            return
        if owner != server.admin_user and not server.is_embedded:
            connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(owner)))
        connection.execute(
            sql.SQL("create database {} owner {} template template0 {}").format(
                sql.Identifier(database), sql.Identifier(owner), sql.SQL(DATABASE_OPTIONS)
            )
        )
        connection.execute(
            sql.SQL("revoke all on database {} from public").format(sql.Identifier(database))
        )


def _ensure_schemas(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    _grant_connection(connection, warehouse)
    present = {row[0] for row in connection.execute("select nspname from pg_namespace")}
    for schema, owner in SCHEMA_OWNERS.items():
        if schema in present:
            continue
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
        if owner != "admin":
            name = sql.Identifier(warehouse.role_name(owner))
            if not warehouse.server.is_embedded:
                connection.execute(sql.SQL("grant {} to current_user").format(name))
            connection.execute(
                sql.SQL("alter schema {} owner to {}").format(sql.Identifier(schema), name)
            )
    connection.execute(TABLES)
    _add_missing_columns(connection)
    _withdraw_reading(connection, warehouse)
    _grant_reading(connection, warehouse)
    _grant_tables(connection, warehouse)
    _limit_roles(connection, warehouse)


def _add_missing_columns(connection: psycopg.Connection) -> None:
    """Columns that the tables of an earlier version lack; asked first, as altering locks them."""
    lacks_number = connection.execute(
        "select where not exists (select from information_schema.columns where "
        "table_schema = 'quality' and table_name = 'load_log' and column_name = 'load_number')"
    ).fetchone()
    if lacks_number is not None:
        connection.execute("alter table quality.load_log add column load_number bigint")


def _grant_connection(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    connection.execute("revoke all on schema public from public")
    database = sql.Identifier(warehouse.database)
    for role in ROLES:
        name = sql.Identifier(warehouse.role_name(role))
        if role in READ_ONLY_ROLES:
            connection.execute(
                sql.SQL("revoke temporary on database {} from {}").format(database, name)
            )
            rights = sql.SQL("connect")
        else:
            rights = sql.SQL("connect, temporary")
        connection.execute(sql.SQL("grant {} on database {} to {}").format(rights, database, name))


def _withdraw_reading(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    """Take back what an earlier version let roles read and this one does not."""
    entitled = {
        *SCHEMA_OWNERS.items(),
        *SCHEMA_USERS,
        *((schema, reader) for _, schema, reader in READERS),
    }
    for schema, owner in SCHEMA_OWNERS.items():
        former = [role for role in ROLES if (schema, role) not in entitled]
        names = [warehouse.role_name(role) for role in former]
        for (name,) in connection.execute(
            "select rolname from pg_roles "
            "where rolname = any(%s) and has_schema_privilege(oid, %s, 'usage')",
            (names, schema),
        ).fetchall():
            parts = {"schema": sql.Identifier(schema), "role": sql.Identifier(name)}
            statements = [
                "revoke all on schema {schema} from {role}",
                "revoke all on all tables in schema {schema} from {role}",
            ]
            if owner != "admin":
                parts["owner"] = sql.Identifier(warehouse.role_name(owner))
                statements.append(
                    "alter default privileges for role {owner} in schema {schema} "
                    "revoke select on tables from {role}"
                )
            for statement in statements:
                connection.execute(sql.SQL(statement).format(**parts))


def _grant_reading(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    for owner, schema, reader in READERS:
        parts = {
            "owner": sql.Identifier(warehouse.role_name(owner)),
            "schema": sql.Identifier(schema),
            "reader": sql.Identifier(warehouse.role_name(reader)),
        }
        for statement in (
            "grant usage on schema {schema} to {reader}",
            (
                "alter default privileges for role {owner} in schema {schema} "
                "grant select on tables to {reader}"
            ),
        ):
            connection.execute(sql.SQL(statement).format(**parts))
        # Only what lacks it: two who change the rights of a table at once fail, and builds do so.
        lacking = connection.execute(
            "select relname from pg_class where relnamespace = %s::regnamespace "
            "and relkind in ('r', 'v') and not has_table_privilege(%s, oid, 'select')",
            (schema, warehouse.role_name(reader)),
        ).fetchall()
        for (table,) in lacking:
            grant = sql.SQL("grant select on {} to {reader}")
            connection.execute(grant.format(sql.Identifier(schema, table), **parts))


def _ensure_managers(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    """Managers may connect and look at what the group may read, each at his own locations."""
    group = sql.Identifier(f"{warehouse.database}_{MANAGERS_GROUP}")
    database = sql.Identifier(warehouse.database)
    connection.execute(sql.SQL("grant connect on database {} to {}").format(database, group))
    connection.execute(sql.SQL("grant usage on schema marts, access to {}").format(group))
    connection.execute(sql.SQL("grant select on access.my_locations to {}").format(group))
    locations = []
    for manager in warehouse.business.location_managers:
        role = warehouse.manager_name(manager.user)
        name = sql.Identifier(role)
        connection.execute(
            sql.SQL("alter role {} inherit connection limit {}").format(
                name, sql.Literal(MANAGER_CONNECTIONS)
            )
        )
        connection.execute(sql.SQL("grant {} to {}").format(group, name))
        _set_parameters(connection, warehouse, role, DASHBOARD_SETTINGS)
        locations += [(role, location) for location in manager.locations]
    with connection.cursor() as cursor:
        cursor.execute("delete from access.manager_locations")
        cursor.executemany("insert into access.manager_locations values (%s, %s)", locations)


def _grant_tables(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    for schema, role in SCHEMA_USERS:
        connection.execute(
            sql.SQL("grant usage on schema {} to {}").format(
                sql.Identifier(schema), sql.Identifier(warehouse.role_name(role))
            )
        )
    for privileges, table, role in TABLE_GRANTS:
        connection.execute(
            sql.SQL("grant {} on {} to {}").format(
                sql.SQL(privileges),
                _granted(table),
                sql.Identifier(warehouse.role_name(role)),
            )
        )


def _granted(name: str) -> sql.Composable:
    """``schema.table``, or ``sequence schema.name``."""
    kind, _, relation = name.rpartition(" ")
    return sql.SQL(f"{kind} {{}}").format(sql.Identifier(*relation.split(".")))


def _set_parameters(
    connection: psycopg.Connection, warehouse: Warehouse, role: str, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        connection.execute(
            sql.SQL("alter role {} in database {} set {} = {}").format(
                sql.Identifier(role),
                sql.Identifier(warehouse.database),
                sql.Identifier(name),
                sql.SQL(value) if name == "search_path" else sql.Literal(value),
            )
        )


def _limit_roles(connection: psycopg.Connection, warehouse: Warehouse) -> None:
    for role, settings in ROLE_SETTINGS.items():
        _set_parameters(connection, warehouse, warehouse.role_name(role), settings)
    for role, limit in CONNECTION_LIMITS.items():
        connection.execute(
            sql.SQL("alter role {} connection limit {}").format(
                sql.Identifier(warehouse.role_name(role)), sql.Literal(limit)
            )
        )
    signatures = [
        row[0]
        for row in connection.execute(
            """
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any(%s)
          and has_function_privilege('public', p.oid, 'execute')
          and pg_has_role(p.proowner, 'usage')
        """,
            (list(DENIED_FUNCTIONS),),
        )
    ]
    for signature in signatures:
        connection.execute(
            sql.SQL("revoke execute on function {} from public").format(sql.SQL(signature))
        )
