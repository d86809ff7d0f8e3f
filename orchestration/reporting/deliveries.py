"""The log of what was sent, and what is snoozed: ``audit.deliveries`` and ``audit.snoozes``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg

from orchestration.reporting.channels import Channel, Outcome, deliver, recipient_hash
from orchestration.reporting.messages import Message
from orchestration.reporting.selection import Told
from warehouse.database import Warehouse
from warehouse.errors import HubError

MessageKind = Literal["alert", "failed_run", "report", "test"]
_LOCK = "select pg_advisory_xact_lock(hashtext('hub messages'))"


@dataclass(frozen=True)
class Log:
    """The log of one business, held by one sender at a time; see :func:`open_log`."""

    warehouse: Warehouse
    now: datetime

    def told(self, channel: Channel) -> dict[str, Told]:
        """The newest delivery of each alert to a recipient."""
        rows = self._rows(
            "select distinct on (subject_key) subject_key, delivered_at, impact_amount "
            "from audit.deliveries where recipient_hash = %s and status = 'sent' "
            "and message_kind = 'alert' order by subject_key, delivered_at desc",
            (self._hash(channel),),
        )
        return {
            key: Told(at, None if amount is None else float(amount)) for key, at, amount in rows
        }

    def has(self, channel: Channel, kind: MessageKind, subject_key: str) -> bool:
        """Whether a recipient got this."""
        rows = self._rows(
            "select 1 from audit.deliveries where recipient_hash = %s and message_kind = %s "
            "and subject_key = %s and status = 'sent' limit 1",
            (self._hash(channel), kind, subject_key),
        )
        return bool(rows)

    def failed_since(
        self, channel: Channel, kind: MessageKind, subject_key: str, since: datetime
    ) -> bool:
        """Whether this was tried in vain since then."""
        rows = self._rows(
            "select 1 from audit.deliveries where recipient_hash = %s and message_kind = %s "
            "and subject_key = %s and status = 'failed' and delivered_at > %s limit 1",
            (self._hash(channel), kind, subject_key, since),
        )
        return bool(rows)

    def snoozes(self) -> dict[str, datetime]:
        """Until when each key, kind or subject is quiet."""
        return dict(self._rows("select subject, snoozed_until from audit.snoozes"))

    def send(
        self,
        channel: Channel,
        message: Message,
        kind: MessageKind,
        subjects: Iterable[tuple[str, float | None]],
    ) -> HubError | None:
        """Deliver a message and write down, for each subject in it, what became of it."""
        outcome = deliver(channel, message)
        self._write(channel, kind, subjects, outcome)
        return outcome.error

    def _write(
        self,
        channel: Channel,
        kind: MessageKind,
        subjects: Iterable[tuple[str, float | None]],
        outcome: Outcome,
    ) -> None:
        error = outcome.error.message if outcome.error else None
        with self.warehouse.connect("messenger") as connection, connection.cursor() as cursor:
            cursor.executemany(
                "insert into audit.deliveries (message_kind, subject_key, channel, "
                "recipient_hash, impact_amount, status, attempts_count, error, delivered_at) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        kind, key, channel.name, self._hash(channel), amount,
                        "failed" if error else "sent", outcome.attempts_count, error, self.now,
                    )
                    for key, amount in subjects
                ],
            )  # fmt: skip

    def _hash(self, channel: Channel) -> str:
        return recipient_hash(self.warehouse.business.id, channel.recipient)

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self.warehouse.connect("messenger") as connection:
            return connection.execute(statement, values).fetchall()


@contextmanager
def open_log(warehouse: Warehouse, now: datetime) -> Iterator[Log]:
    """The log; a second sender waits, so that two runs at once do not tell the same twice."""
    with warehouse.connect("messenger") as lock:
        lock.execute(_LOCK)
        yield Log(warehouse, now)


def snooze(warehouse: Warehouse, subject: str, until: datetime | None) -> None:
    """Do not tell a key, a kind or a subject until then; None ends it."""
    with warehouse.connect("messenger") as connection:
        connection.execute("delete from audit.snoozes where subject = %s", (subject,))
        if until:
            connection.execute(
                "insert into audit.snoozes (subject, snoozed_until) values (%s, %s)",
                (subject, until),
            )


def as_analyst(warehouse: Warehouse) -> psycopg.Connection:
    """A connection that reads marts and cannot write."""
    connection = warehouse.connect("analyst")
    connection.read_only = True
    return connection
