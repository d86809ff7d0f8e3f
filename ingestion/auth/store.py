"""Where credentials rest: sealed, one row per source in ``vault.connections``.

Nothing here knows HTTP. The row's lock is what makes processes renew tokens one after the
other, so it is taken here too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.rows import TupleRow

from ingestion.auth.credentials import Credentials, SourceSystem
from warehouse.database import Role, Warehouse
from warehouse.errors import HubError
from warehouse.vault import CONNECTION_SEAL, hold_sealer, open_vault, unseal

State = Literal["connected", "needs_reconnect"]
LOCK_TIMEOUT_SECONDS = 180
STORE_ATTEMPTS = 8


@dataclass(frozen=True)
class Status:
    """What may be told of a connection."""

    source_system: SourceSystem
    state: State
    state_reason: str | None
    version: int
    connected_at: datetime
    rotated_at: datetime | None
    access_expires_at: datetime | None


@dataclass(frozen=True)
class Stored:
    """A connection as it lies in the store."""

    credentials: Credentials
    state: State
    state_reason: str | None
    version: int


class ConnectionStore:
    """The connections of one business."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def read(self, source: SourceSystem) -> Stored | None:
        """The connection of a source, or None."""
        with self._connect() as connection:
            return _read(connection, source)

    def statuses(self) -> list[Status]:
        """What may be told of every connection, by source."""
        with self._connect() as connection:
            rows = connection.execute(
                "select source_system, state, state_reason, version, connected_at, rotated_at, "
                "access_expires_at from vault.connections order by source_system"
            ).fetchall()
        return [Status(*row) for row in rows]

    def connect(self, source: SourceSystem, credentials: Credentials) -> None:
        """Keep new credentials in place of any older ones; audited."""
        open_vault(self._warehouse)  # makes the vault's key when this is its first use
        with self._connect() as connection:
            sealer = hold_sealer(connection)
            connection.execute(
                "insert into vault.connections (source_system, key_id, sealed_value, state, "
                "version, access_expires_at) values (%s, %s, %s, 'connected', 1, %s) "
                "on conflict (source_system) do update set key_id = excluded.key_id, "
                "sealed_value = excluded.sealed_value, state = 'connected', "
                "state_reason = null, version = connections.version + 1, connected_at = now(), "
                "rotated_at = null, access_expires_at = excluded.access_expires_at",
                (
                    source,
                    sealer.key_id,
                    sealer.seal(credentials.to_bytes(), CONNECTION_SEAL + source),
                    credentials.access_expires_at,
                ),
            )
            _audit(connection, "connect", source, flow=credentials.flow)

    def forget(self, source: SourceSystem) -> bool:
        """Delete a connection; audited. Whether there was one."""
        with self._connect("privacy") as connection:
            deleted = connection.execute(
                "delete from vault.connections where source_system = %s", (source,)
            )
            if deleted.rowcount:
                _audit(connection, "forget_connection", source)
            return bool(deleted.rowcount)

    @contextmanager
    def locked(self, source: SourceSystem) -> Iterator[LockedConnection]:
        """Hold a connection against every other process until the block ends.

        Raises:
            HubError: there is none, or another process holds it for minutes.
        """
        with self._connect() as connection:
            connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
            hold_sealer(connection)  # before the row's lock; see there
            try:
                stored = _read(connection, source, "for update")
            except psycopg.errors.LockNotAvailable:
                raise HubError(
                    f"Another process has been renewing the connection to {source} for "
                    f"{LOCK_TIMEOUT_SECONDS} s.",
                    fix="Wait a minute and run the command again.",
                ) from None
            if stored is None:
                raise not_connected(source)
            yield LockedConnection(self, connection, source, stored)

    def _connect(self, role: Role = "loader") -> psycopg.Connection[TupleRow]:
        connection = self._warehouse.connect(role)
        try:
            # A token is used only after it is on disk, and a slow answer of the source must not
            # cost us the transaction that will keep it.
            connection.execute("set synchronous_commit = on")
            connection.execute("set idle_in_transaction_session_timeout = 0")
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection


class LockedConnection:
    """A connection that no other process changes meanwhile."""

    def __init__(
        self,
        store: ConnectionStore,
        connection: psycopg.Connection[TupleRow],
        source: SourceSystem,
        stored: Stored,
    ) -> None:
        self._store = store
        self._connection = connection
        self._source: SourceSystem = source
        self.stored = stored

    def keep(self, credentials: Credentials) -> None:
        """Make renewed credentials durable; when this returns they are on disk.

        The source has given up the old ones, so a broken database connection or a restarting
        server is no reason to drop the new ones: they are written over a new connection.

        Raises:
            HubError: the database stayed away.
        """
        connection, delay = self._connection, 0.05
        for attempt in range(1, STORE_ATTEMPTS + 1):
            try:
                self._write(connection, credentials)
                connection.commit()
                if connection is not self._connection:
                    connection.close()
                return
            except psycopg.OperationalError:
                if attempt == STORE_ATTEMPTS:
                    raise HubError(
                        "The database went away before new tokens could be kept.",
                        fix=f"Start it, then reconnect with: hub connect {self._source}",
                    ) from None
                connection.close()
            time.sleep(delay)
            delay *= 2
            connection = self._reconnect() or connection

    def needs_reconnect(self, reason: str) -> None:
        """Remember that the source ended the connection; audited."""
        self._connection.execute(
            "update vault.connections set state = 'needs_reconnect', state_reason = %s "
            "where source_system = %s",
            (reason, self._source),
        )
        _audit(self._connection, "connection_ended", self._source, reason=reason)
        self._connection.commit()

    def _write(self, connection: psycopg.Connection[TupleRow], credentials: Credentials) -> None:
        sealer = hold_sealer(connection)
        connection.execute(
            "update vault.connections set key_id = %s, sealed_value = %s, version = %s, "
            "rotated_at = now(), access_expires_at = %s, state = 'connected', "
            "state_reason = null where source_system = %s and version = %s",
            (
                sealer.key_id,
                sealer.seal(credentials.to_bytes(), CONNECTION_SEAL + self._source),
                self.stored.version + 1,
                credentials.access_expires_at,
                self._source,
                self.stored.version,
            ),
        )

    def _reconnect(self) -> psycopg.Connection[TupleRow] | None:
        try:
            return self._store._connect()
        except psycopg.OperationalError:
            return None


def not_connected(source: SourceSystem) -> HubError:
    """The error of a source without a connection."""
    return HubError(f"{source} is not connected.", fix=f"Connect it with: hub connect {source}")


def _read(
    connection: psycopg.Connection[TupleRow], source: SourceSystem, lock: str = ""
) -> Stored | None:
    row = connection.execute(
        "select key_id, sealed_value, state, state_reason, version from vault.connections "
        f"where source_system = %s {lock}",
        (source,),
    ).fetchone()
    if row is None:
        return None
    key_id, sealed, state, reason, version = row
    clear = unseal(key_id, sealed, CONNECTION_SEAL + source)
    return Stored(Credentials.from_bytes(clear), state, reason, version)


def _audit(
    connection: psycopg.Connection[TupleRow],
    action: str,
    source: SourceSystem,
    **details: str,
) -> None:
    connection.execute(
        "insert into audit.events (action, details) values (%s, %s)",
        (action, json.dumps({"source_system": source, **details})),
    )
