"""Tables that every part of the books writes into, before documents get their ids.

A draft is a version of a document, named by a key; a body is what its lines and postings say. A
change of a memo makes a new version with the old body; a change of amounts brings a new body.
"""

from __future__ import annotations

from sandbox.quickbooks.chart import RATES_PPM

TABLES = (
    """create or replace table quickbooks_drafts (
        key varchar, version integer default 1, body integer default 1, kind varchar,
        change varchar default 'create', known_from timestamptz, doc_number varchar,
        txn_date date, due_date date, customer_id bigint, vendor_id bigint, account_id integer,
        other_account_id integer, department_id integer, class_id integer, term_id integer,
        payment_method_id integer, pay_type varchar, is_credit boolean default false,
        currency varchar default 'USD', rate_ppm bigint default 1000000, private_note varchar,
        customer_memo varchar, tax_code_id integer, taxable_cents bigint default 0,
        tax_cents bigint default 0, total_cents bigint)""",
    """create or replace table quickbooks_draft_lines (
        key varchar, body integer default 1, line_number bigint, parent_line bigint,
        detail varchar, amount_cents bigint, description varchar, item_id bigint,
        quantity bigint, unit_price_cents double, account_id integer, is_taxable boolean,
        class_id integer, department_id integer, posting varchar, percent_ppm bigint,
        linked_key varchar, payment_method_id integer)""",
    """create or replace table quickbooks_draft_postings (
        key varchar, body integer default 1, account_id integer, home_cents bigint,
        foreign_cents bigint, is_implicit boolean not null default false, class_id integer,
        department_id integer)""",
    """create or replace table quickbooks_draft_links (
        target_key varchar, by_key varchar, amount_cents bigint)""",
)


def macros(seed: int) -> tuple[str, ...]:
    """Draws that are the same whenever the world is the same, and a day's exchange rate."""
    rates = " ".join(f"when '{code}' then {rate}" for code, rate in RATES_PPM.items())
    draw = f"(hash(what || '/' || cast(number as varchar) || '/{seed}') % 1000)::bigint"
    return (
        f"create or replace macro quickbooks_draw(what, number) as {draw}",
        f"""create or replace macro quickbooks_rate(code, day) as
        case code when 'USD' then 1000000 else (case code {rates} end)
        + ((hash(code || cast(day as varchar) || '/{seed}') % 40001)::bigint - 20000) end""",
        # Half a cent goes away from zero, for debits as for credits.
        """create or replace macro quickbooks_home(cents, rate) as
        (sign(cents) * ((abs(cents)::hugeint * rate + 500000) // 1000000))::bigint""",
        """create or replace macro quickbooks_share(cents, part, whole) as
        (sign(cents) * ((2 * abs(cents)::hugeint * part + whole) // (2 * whole)))::bigint""",
        """create or replace macro quickbooks_business_day(day) as
        day + case isodow(day) when 6 then 2 when 7 then 1 else 0 end""",
    )
