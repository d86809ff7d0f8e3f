"""The hub's own two small tables in Superset's database: what is installed, who tried to log in.

Works without a running Superset, so that a repeated bootstrap need not start one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hub_bi import settings
from hub_bi.postgres import connect

STATE_TABLE = "hub_bi_state"
ATTEMPTS_TABLE = "hub_bi_login_attempts"
_CREATE = f"""
    create table if not exists {STATE_TABLE} (key text primary key, value text not null);
    create table if not exists {ATTEMPTS_TABLE} (
        attempt_id bigint generated always as identity primary key,
        address text not null,
        attempted_at timestamptz not null default now()
    );
    create index if not exists {ATTEMPTS_TABLE}_address
        on {ATTEMPTS_TABLE} (address, attempted_at);
"""


def create_tables() -> None:
    """Create the two tables where they are missing."""
    with _cursor() as cursor:
        cursor.execute(_CREATE)


def remembered(key: str) -> str | None:
    """Return a remembered value, or None (also when nothing has been installed yet)."""
    with _cursor() as cursor:
        cursor.execute("select to_regclass(%s)", (STATE_TABLE,))
        if cursor.fetchone()[0] is None:
            return None
        cursor.execute(f"select value from {STATE_TABLE} where key = %s", (key,))
        found = cursor.fetchone()
    return str(found[0]) if found else None


def remember(key: str, value: str) -> None:
    """Store a value under a key."""
    with _cursor() as cursor:
        cursor.execute(
            f"insert into {STATE_TABLE} values (%s, %s) "
            "on conflict (key) do update set value = excluded.value",
            (key, value),
        )


@contextmanager
def _cursor() -> Iterator[Any]:
    connection = connect(
        settings.metadata_uri(), None, "Superset's own database", "SUPERSET_METADATA_URI"
    )
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
