"""The books of the business: who wrote what when, and what stands in the ledger at an instant.

Truth for tests: ``quickbooks_postings`` (the ledger), ``quickbooks_copies`` (which sale a document
repeats), ``quickbooks_versions`` (all that was ever written).
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sandbox.quickbooks import costs, ledger, shop_copies, square_days, wholesale
from sandbox.quickbooks.lists import BEGIN, CUSTOMERS, SPAN, business_customers, short_lists
from sandbox.quickbooks.schema import TABLES, macros
from sandbox.world.world import World

Row = dict[str, Any]
Clock = Callable[[], datetime]

# The owner looks through what costs money: some memos are edited, some purchases undone.
REVISED = (
    """insert into quickbooks_drafts by name
    select * replace (2 as version, 'edit' as change,
        coalesce(private_note || ' ', '') || '(checked)' as private_note,
        known_from + to_hours((30 + quickbooks_draw('edited', key) % 400)::int) as known_from)
    from quickbooks_drafts d
    where kind in ('Bill', 'Purchase', 'JournalEntry', 'Deposit', 'Transfer', 'Invoice')
        and quickbooks_draw('edits', key) < 30
        and not exists (select 1 from quickbooks_drafts e where e.key = d.key and e.version > 1)""",
    """insert into quickbooks_drafts by name
    select * replace (2 as version, case when quickbooks_draw('undoes', key) < 15 then 'void'
            else 'delete' end as change,
        known_from + to_hours((20 + quickbooks_draw('undone', key) % 200)::int) as known_from)
    from quickbooks_drafts d where kind = 'Purchase' and quickbooks_draw('undoes', key) < 30
        and not exists (select 1 from quickbooks_drafts e where e.key = d.key and e.version > 1)""",
)

# Documents are numbered in the order in which they were written, whatever their type.
NUMBERED = (
    """create or replace table quickbooks_numbers as
    select row_number() over (order by known_from, key) as document_id, key, kind,
        known_from as created_at
    from quickbooks_drafts, quickbooks_span where version = 1 and known_from <= until""",
    """create or replace table quickbooks_versions as
    select n.document_id, n.created_at, d.*, d.change = 'void' as is_void,
        d.change = 'delete' as is_deleted,
        lead(d.known_from) over (partition by d.key order by d.version) as known_until
    from quickbooks_drafts d join quickbooks_numbers n using (key), quickbooks_span s
    where d.known_from <= s.until order by n.document_id, d.version""",
    """create or replace table quickbooks_lines as
    select n.document_id, l.* exclude (key, linked_key), other.document_id as linked_id,
        other.kind as linked_kind
    from quickbooks_draft_lines l join quickbooks_numbers n using (key)
    left join quickbooks_numbers other on other.key = l.linked_key
    order by n.document_id, l.body, l.line_number""",
    """create or replace table quickbooks_links as
    select target.document_id as target_id, target.kind as target_kind,
        paid.document_id as by_id, paid.kind as by_kind, l.amount_cents, v.txn_date,
        v.pay_type, v.known_from, gone.known_from as known_until
    from quickbooks_draft_links l join quickbooks_numbers target on target.key = l.target_key
    join quickbooks_versions v on v.key = l.by_key and v.version = 1
    join quickbooks_numbers paid on paid.key = l.by_key
    left join quickbooks_versions gone on gone.key = l.by_key and gone.version > 1
        and gone.change in ('void', 'delete')""",
    """create or replace table quickbooks_copies as
    select n.kind as document_type, n.document_id, 'shopify' as system, s.order_id, s.event_id,
        null::bigint as place_id, s.day, s.how, d.key like 'again/%' as is_duplicate,
        null::varchar as payout_id
    from quickbooks_shop_documents d join quickbooks_numbers n using (key)
    join quickbooks_shop_sales s using (order_id) where d.body = 1
    union all
    select n.kind, n.document_id, 'shopify', r.order_id, r.event_id, null, r.day, r.how, false, null
    from quickbooks_shop_refunds r join quickbooks_numbers n using (key)
    union all
    select n.kind, n.document_id, 'square', null, null, d.place_id, d.day, 'daily_summary', false,
        null
    from quickbooks_square_days d join quickbooks_numbers n using (key)
    union all
    select n.kind, n.document_id, p.system, null, null, p.place_id, p.day, p.how, false,
        p.payout_id
    from quickbooks_payouts p join quickbooks_numbers n using (key)
    order by document_id""",
)

# What every document looks like at one instant: its version, what is still open, what changed.
CURRENT = """create or replace temp table quickbooks_current as
    with linked as (
        select target_id, count(*) + count(*) filter (known_until <= $now) as links_count,
            sum(amount_cents) filter (known_until is null or known_until > $now) as paid_cents,
            max(greatest(known_from, case when known_until <= $now then known_until end))
                as linked_at
        from quickbooks_links where known_from <= $now group by target_id
    )
    select v.* exclude (total_cents, tax_cents, taxable_cents, private_note),
        case when is_void then 0 else total_cents end as total_cents,
        case when is_void then 0 else tax_cents end as tax_cents,
        case when is_void then 0 else taxable_cents end as taxable_cents,
        case when is_void then 'Voided' else private_note end as private_note,
        case when is_void then 0 else total_cents - coalesce(l.paid_cents, 0) end
            as balance_cents,
        coalesce(l.paid_cents, 0) as paid_cents,
        v.version - 1 + coalesce(l.links_count, 0) as sync_token,
        greatest(v.known_from, l.linked_at) as updated_at
    from quickbooks_versions v left join linked l on l.target_id = v.document_id
    where v.known_from <= $now and (v.known_until is null or v.known_until > $now)
    order by v.document_id"""

# Lists at one instant: who has come, what has a new price.
SEEN_CUSTOMERS = """create or replace temp table quickbooks_seen_customers as
    select * exclude (created_at, edited_at), coalesce(created_at, begun_at) as created_at,
        case when edited_at <= $now then edited_at else coalesce(created_at, begun_at) end
            as updated_at
    from quickbooks_customers, quickbooks_begin
    where created_at is null or created_at <= $now order by id"""
SEEN_ITEMS = """create or replace temp table quickbooks_seen_items as
    with priced as (
        select variant_id, arg_max(price_cents, valid_from_date) as present_cents,
            midnight(max(valid_from_date)) as priced_at
        from truth.prices where midnight(valid_from_date) <= $now group by variant_id
    )
    select i.* replace (coalesce(p.present_cents, i.price_cents) as price_cents),
        begun_at as created_at, greatest(begun_at, p.priced_at) as updated_at
    from quickbooks_items i left join priced p using (variant_id), quickbooks_begin
    order by i.id"""
SEEN_EMPLOYEES = """create or replace temp table quickbooks_seen_employees as
    select staff_id as id, given_name, family_name, given_name || ' ' || family_name as name,
        hired_at, case when left_at <= $now then left_at end as released_at,
        released_at is null as is_active, greatest(begun_at, hired_at) as created_at,
        greatest(begun_at, hired_at, released_at) as updated_at
    from truth.staff, quickbooks_begin where hired_at <= $now order by staff_id"""
UNCHANGING = ("accounts", "classes", "departments", "vendors", "terms",
              "payment_methods", "tax_agencies", "tax_rates", "tax_codes",
              "currencies")  # fmt: skip


class Books:
    """QuickBooks' tables of a world; may be read from many threads.

    Args:
        now: the clock; what is written later is not there yet. None: the clock of the world.
    """

    def __init__(self, world: World, now: Clock | None = None) -> None:
        """Write the books; a world opened again gets the same ones anew."""
        self.settings = world.settings
        self._clock: Clock = now or (lambda: world.now)
        self._lock = threading.RLock()
        self._database = world.database.cursor()
        self._database.execute("set TimeZone = 'UTC'")
        self._write(world)
        self._changes: list[datetime] = [row["moment"] for row in self.rows(
            "select known_from as moment from quickbooks_versions union select known_from from "
            "quickbooks_links union select known_until from quickbooks_links "
            "where known_until is not null union select created_at from quickbooks_customers "
            "where created_at is not null union select edited_at from quickbooks_customers, "
            "quickbooks_span where edited_at <= until union "
            "select distinct midnight(valid_from_date) from truth.prices union "
            "select hired_at from truth.staff union select left_at from truth.staff "
            "where left_at is not null order by moment",
        )]  # fmt: skip
        self._position = -1
        self._instant: datetime | None = None

    def _write(self, world: World) -> None:
        run = self._database.execute
        last_day, per_day = (world.settings[name] for name in ("last_day", "orders_per_day"))
        # Rent and wages follow the size of the business, down to a fifth.
        run(SPAN, [last_day, last_day, max(20, round(per_day))])
        run(BEGIN)
        for statement in (*macros(int(world.settings["seed"])), *TABLES):
            run(statement)
        for statement, rows in short_lists():
            self._fill(statement, rows)
        for statement in shop_copies.FACTS:
            run(statement)
        run(CUSTOMERS)
        self._fill(*business_customers())
        parts = (shop_copies.SALES, shop_copies.REFUNDS, shop_copies.PAYOUTS,
                 square_days.STATEMENTS, wholesale.STATEMENTS, costs.STATEMENTS, REVISED,
                 NUMBERED, ledger.STATEMENTS)  # fmt: skip
        for part in parts:
            for statement in part:
                run(statement)
        for table in UNCHANGING:
            run(f"""create or replace temp table quickbooks_seen_{table} as
                select *, begun_at as created_at, begun_at as updated_at
                from quickbooks_{table}, quickbooks_begin order by id""")

    def _fill(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._database.executemany(statement, rows)
        else:
            self._database.execute(statement)

    def rows(self, query: str, parameters: list[Any] | Row | None = None) -> list[Row]:
        """Rows of a query, each a dict by column."""
        with self._lock:
            found = self._database.execute(query, parameters or [])
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    @property
    def now(self) -> datetime:
        """The present; it stands still while an answer is made."""
        return self._instant or self._clock()

    @contextmanager
    def at_present(self) -> Iterator[None]:
        """Keep the books still while an answer is made, and as they are at the present instant.

        ``quickbooks_current`` is written anew only when something has happened since.
        """
        with self._lock:
            now = self._clock()
            position = bisect_right(self._changes, now)
            if position != self._position:
                for statement in (CURRENT, SEEN_CUSTOMERS, SEEN_ITEMS, SEEN_EMPLOYEES):
                    self._database.execute(statement, {"now": now})
                self._position = position
            self._instant = now
            try:
                yield
            finally:
                self._instant = None
