"""A generated world on disk, opened for questions as of a moment."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb

from sandbox.world.settings import VERSION

# How a table of the truth is cut at the present. What is not named here is timeless: places,
# people and their addresses, the catalogue. Events, orders and payments are numbered as they come.
PRESENT = {
    "order_lines": "added_at <= now_at()",
    "events": "event_id <= last_event_id()",
    "event_lines": "event_id <= last_event_id()",
    "payments": "event_id <= last_event_id()",
    "prices": "valid_from_date <= business_day()",
    "promotions": "from_date <= business_day()",
    "closures": "closed_date <= business_day()",
    "anomalies": "from_date <= business_day()",
    "price_tests": "from_date <= business_day()",
    "costs": "valid_from_date <= business_day()",
    "ad_spend": "spend_date < business_day()",
    "copies": "copied_at <= now_at()",
    "movements": "happened_at <= now_at()",
    "checkouts": "left_at <= now_at()",
    "purchase_lines": "purchase_id in (select purchase_id from truth.purchases "
    "where ordered_at <= now_at())",
}


def _hidden(table: str, condition: str, *columns: str) -> str:
    """A table whose instants in some columns are unknown until they come."""
    known = ", ".join(f"case when {name} <= now_at() then {name} end as {name}" for name in columns)
    return f"select * replace ({known}) from truth.{table} where {condition}"


USED = "case when {0} <= last_order_id() then {0} else 0 end as {0}"
# Tables with columns that tell of the future until it comes.
REPLACED = {
    "gift_cards": f"select * replace ({USED.format('used_order_id')}) from truth.gift_cards "
    "where sold_order_id <= last_order_id()",
    "web_sessions": f"select * replace ({USED.format('order_id')}) from truth.web_sessions "
    "where started_at <= now_at()",
    "drafts": f"select * replace ({USED.format('order_id')}, case when completed_at <= now_at() "
    "then completed_at end as completed_at, case when completed_at > now_at() then 'open' "
    "else status end as status) from truth.drafts where created_at <= now_at()",
    "orders": _hidden("orders", "order_id <= last_order_id()", "fulfilled_at"),
    "products": _hidden("products", "true", "discontinued_at"),
    "staff": _hidden("staff", "hired_at <= now_at()", "left_at"),
    "timecards": _hidden("timecards", "started_at <= now_at()", "ended_at", "break_started_at",
                         "break_ended_at"),
    "purchases": _hidden("purchases", "ordered_at <= now_at()", "received_at"),
    "stock_outs": _hidden("stock_outs", "emptied_at <= now_at()", "filled_at"),
}  # fmt: skip


@dataclass(frozen=True)
class Happening:
    """One event of the ledger, for those who watch the world.

    Attributes:
        kind: sale, cancellation, refund, goodwill, edit or exchange.
        amount_cents: what was paid for it; negative when money went back.
    """

    event_id: int
    order_id: int
    kind: str
    happened_at: datetime
    system: str
    place: str
    amount_cents: int


class World:
    """A generated world, as tables of an in-memory DuckDB over its files.

    The plain names (``orders``, ``events``) hold what has happened by ``now``; ``truth.orders``
    and so on hold the whole world, the future included. Amounts are whole cents. All methods may
    be called from many threads.

    Attributes:
        settings: what it was generated with.
        ends_at: the noon after the last day, when everything has happened.
        database: the tables; in SQL, ``now_at()`` is the present, ``business_day()`` its date in
            the time zone of the business, and ``midnight(day)`` the instant a day begins there.
    """

    def __init__(self, folder: Path, *, now: datetime | None = None) -> None:
        """Open a world.

        Args:
            now: the present; the end of the world when not given.

        Raises:
            FileNotFoundError: the folder holds no world.
            ValueError: another version of the sandbox made it.
        """
        self.folder = folder
        self.settings: dict[str, Any] = json.loads(
            (folder / "world.json").read_text(encoding="utf-8")
        )
        if self.settings.get("version") != VERSION:
            raise ValueError(f"{folder} holds a world of another version: generate it again")
        last_day = date.fromisoformat(self.settings["last_day"])
        self.ends_at = datetime.combine(last_day + timedelta(days=1), time(12), UTC)
        self.database = duckdb.connect()
        self.database.execute("set global TimeZone = 'UTC'")
        self._turning = threading.Lock()
        self._now = now or self.ends_at
        self._open_files(folder / "truth")

    def _open_files(self, truth: Path) -> None:
        self.database.execute("create schema truth")
        files = sorted(truth.glob("*.parquet"))
        for file in files:
            path = str(file).replace("'", "''")
            self.database.execute(f"create view truth.{file.stem} as from read_parquet('{path}')")
        zone = self.settings["places"][0]["time_zone"]
        self.database.execute(
            f"create macro midnight(day) as timezone('{zone}', cast(day as timestamp))"
        )
        self._set_present(self._now)
        for file in files:
            name = file.stem
            visible = REPLACED.get(
                name, f"from truth.{name} where {PRESENT.get(name, 'true')}"
            )  # fmt: skip
            self.database.execute(f"create view {name} as {visible}")

    @property
    def now(self) -> datetime:
        """The present of this world, in UTC."""
        return self._now

    def advance(self, to: datetime) -> list[Happening]:
        """Let the world go on until a moment.

        Returns:
            What happened meanwhile, in the order of time.

        Raises:
            ValueError: the moment lies before the present.
        """
        with self._turning:
            if to < self._now:
                raise ValueError(
                    f"the world is at {self._now:%Y-%m-%d %H:%M:%S} and cannot go back"
                )
            ((before,),) = self.rows("select last_event_id()")
            self._set_present(to)
            self._now = to
        return [
            Happening(*row)
            for row in self.rows(
                "select e.event_id, e.order_id, e.kind, e.happened_at, system, p.name, "
                "cast(coalesce(sum(amount_cents), 0) as bigint) from events e "
                "join orders using (order_id) join places p using (place_id) "
                "left join payments m on m.event_id = e.event_id "
                "where e.event_id > ? and not is_test group by all order by e.event_id",
                before,
            )
        ]

    def _set_present(self, moment: datetime) -> None:
        """Rewrite the macros that every view is cut by; readers see all of them change at once."""
        instant = f"cast('{moment.astimezone(UTC).isoformat()}' as timestamptz)"
        zone = self.settings["places"][0]["time_zone"]
        cursor = self.database.cursor()
        found = cursor.execute(
            f"""select
            (select coalesce(max(order_id), 0) from truth.orders where placed_at <= {instant}),
            (select coalesce(max(event_id), 0) from truth.events where happened_at <= {instant}),
            cast(timezone('{zone}', {instant}) as date)"""
        ).fetchone()
        assert found is not None
        last_order, last_event, today = found
        cursor.execute(
            f"""begin;
            create or replace macro now_at() as {instant};
            create or replace macro business_day() as cast('{today}' as date);
            create or replace macro last_order_id() as {last_order};
            create or replace macro last_event_id() as {last_event};
            commit"""
        )

    def next_event_at(self) -> datetime | None:
        """When something happens next; None when nothing is left."""
        ((moment,),) = self.rows(
            "select min(at) from (select min(happened_at) as at from truth.events "
            "where event_id > last_event_id() union all select min(placed_at) "
            "from truth.orders where order_id > last_order_id())"
        )
        return None if moment is None else moment.astimezone(UTC)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.database.cursor().execute(query, list(parameters)).fetchall()

    def close(self) -> None:
        """Let go of the files."""
        self.database.close()
