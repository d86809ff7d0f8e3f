"""The general ledger report: every posting of every account, with its running balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.quickbooks.books import Books
from sandbox.quickbooks.chart import HOME
from sandbox.quickbooks.report_shape import Json, amount

if TYPE_CHECKING:
    from sandbox.quickbooks.reports import Ask

COLUMNS = {
    "tx_date": "Date", "txn_type": "Transaction Type", "doc_num": "Num", "name": "Name",
    "memo": "Memo/Description", "split_acc": "Split", "subt_nat_amount": "Amount",
    "rbal_nat_amount": "Balance",
}  # fmt: skip
TITLES = {
    **COLUMNS,
    "subt_nat_home_amount": "Amount",
    "rbal_nat_home_amount": "Balance",
    "account_name": "Account",
    "debt_amt": "Debit",
    "credit_amt": "Credit",
}
TYPES = {
    "SalesReceipt": "Sales Receipt", "CreditMemo": "Credit Memo", "RefundReceipt": "Refund",
    "VendorCredit": "Vendor Credit", "JournalEntry": "Journal Entry",
    "CreditCardPayment": "Credit Card Payment",
}  # fmt: skip
PURCHASES = {"Cash": "Cash Expense", "Check": "Check", "CreditCard": "Expense"}
CREDIT_KINDS = ("Accounts Payable", "Credit Card", "Other Current Liability",
                "Long Term Liability", "Equity", "Income", "Other Income")  # fmt: skip
OPENINGS = """
    select account_id, sum(debit_cents - credit_cents)::bigint as cents from {table}
    where {where} and txn_date < $first group by account_id"""
POSTINGS = """
    with posted as (
        select *, debit_cents - credit_cents as cents from {table}
        where {where} and txn_date between $first and $last
    ), sides as (
        select document_id, min(account_id) as low_id, max(account_id) as high_id,
            count(distinct account_id) as count from posted group by document_id
    )
    select p.*, s.low_id, s.high_id, s.count as accounts_count, v.doc_number, v.private_note,
        v.pay_type, v.is_credit,
        coalesce(c.name, u.name) as name, coalesce(p.customer_id, p.vendor_id) as name_id
    from posted p join sides s using (document_id)
    left join quickbooks_current v using (document_id)
    left join quickbooks_customers c on c.id = p.customer_id
    left join quickbooks_vendors u on u.id = p.vendor_id
    order by p.account_id, p.txn_date, p.document_id, p.is_implicit, p.cents desc"""


def general_ledger(books: Books, accounts: list[Json], ask: Ask) -> Json:
    """The report's columns and rows; amounts are positive where they raise the account."""
    columns = list(ask.columns) or list(COLUMNS)
    postings: dict[int, list[Json]] = {}
    tables = {"table": ask.table, "where": ask.where}
    asked = {**ask.parameters, "first": ask.first}
    openings = {row["account_id"]: row["cents"]
                for row in books.rows(OPENINGS.format(**tables), asked)}  # fmt: skip
    for row in books.rows(POSTINGS.format(**tables), {**asked, "last": ask.last}):
        postings.setdefault(row["account_id"], []).append(row)
    names = {account["id"]: account["name"] for account in accounts}
    sections: dict[int, Json] = {}
    for account in accounts:
        if ask.account and str(account["id"]) not in ask.account:
            continue
        inside = postings.get(account["id"], [])
        made = _section(account, openings.get(account["id"], 0), inside, names, columns)
        if made is not None:
            sections[account["id"]] = made
    return {
        "Columns": {"Column": [
            {"ColTitle": TITLES.get(name, name), "ColType": name,
             "MetaData": [{"Name": "ColKey", "Value": name}]} for name in columns]},
        "Rows": {"Row": _nested(accounts, sections, columns)} if sections else {},
    }  # fmt: skip


def _nested(accounts: list[Json], sections: dict[int, Json], columns: list[str]) -> list[Json]:
    """Sub-accounts stand inside their parents."""
    top: list[Json] = []
    for account in accounts:
        children = [sections[child["id"]] for child in accounts
                    if child["parent_id"] == account["id"] and child["id"] in sections]  # fmt: skip
        own = sections.get(account["id"])
        if account["parent_id"] is not None or (own is None and not children):
            continue
        if not children:
            top.append(own or {})
            continue
        blank = [{"value": ""} for _ in columns[1:]]
        top.append({
            "Header": {"ColData": [{"value": account["name"], "id": str(account["id"])}, *blank]},
            "Rows": {"Row": [*([own] if own else []), *children]},
            "Summary": {"ColData": [{"value": f"Total for {account['name']} with sub-accounts"},
                                    *blank]},
            "type": "Section",
        })  # fmt: skip
    return top


def _section(account: Json, opening: int, inside: list[Json], names: dict[int, str],
             columns: list[str]) -> Json | None:  # fmt: skip
    sign = -1 if account["type"] in CREDIT_KINDS else 1
    is_lasting = account["classification"] in ("Asset", "Liability", "Equity")
    balance = sign * opening if is_lasting else 0
    if not inside and not balance:
        return None
    rows: list[Json] = []
    if balance:
        begin = {"value": amount(balance)}
        rows.append(
            _row(
                columns,
                {
                    "tx_date": {"value": "Beginning Balance"},
                    "rbal_nat_amount": begin,
                    "rbal_nat_home_amount": begin,
                },
            )
        )
    for row in inside:
        cents = sign * row["cents"]
        balance += cents
        rows.append(_row(columns, _values(row, names, cents, balance)))
    total = sum(sign * row["cents"] for row in inside)
    summary: dict[str, Any] = {columns[0]: {"value": f"Total for {account['name']}"},
                               "subt_nat_amount": {"value": amount(total)},
                               "subt_nat_home_amount": {"value": amount(total)}}  # fmt: skip
    header = {columns[0]: {"value": account["name"], "id": str(account["id"])}}
    return {
        "Header": {"ColData": _row(columns, header)["ColData"]}, "Rows": {"Row": rows},
        "Summary": {"ColData": _row(columns, summary)["ColData"]}, "type": "Section",
    }  # fmt: skip


def _values(row: Json, names: dict[int, str], cents: int, balance: int) -> dict[str, Json]:
    split: Json = {"value": "-Split-", "id": ""}
    if row["accounts_count"] == 2:
        other = row["low_id"] + row["high_id"] - row["account_id"]
        split = {"value": names[other], "id": str(other)}
    return {
        "tx_date": {"value": row["txn_date"].isoformat()},
        "txn_type": {"value": _type(row), "id": str(row["document_id"])},
        "doc_num": {"value": row["doc_number"] or ""},
        "name": {"value": row["name"] or "", "id": str(row["name_id"] or "")},
        "memo": {"value": row["private_note"] or ""}, "split_acc": split,
        "account_name": {"value": names[row["account_id"]], "id": str(row["account_id"])},
        "subt_nat_amount": {"value": amount(_document_cents(row, cents))},
        "subt_nat_home_amount": {"value": amount(cents)},
        "rbal_nat_amount": {"value": amount(balance)},
        "rbal_nat_home_amount": {"value": amount(balance)},
        "debt_amt": {"value": amount(row["debit_cents"]) if row["debit_cents"] else ""},
        "credit_amt": {"value": amount(row["credit_cents"]) if row["credit_cents"] else ""},
    }  # fmt: skip


def _document_cents(row: Json, cents: int) -> int:
    """A posting in the currency of its document, as far as the ledger of the basis tells it."""
    foreign = row.get("foreign_cents")
    if row["currency"] == HOME or foreign is None:
        return cents
    return abs(int(foreign)) * (-1 if cents < 0 else 1)


def _type(row: Json) -> str:
    if row["kind"] == "BillPayment":
        return f"Bill Payment ({'Credit Card' if row['pay_type'] == 'CreditCard' else 'Check'})"
    if row["kind"] == "Purchase":
        return "Credit Card Credit" if row["is_credit"] else PURCHASES[row["pay_type"]]
    return TYPES.get(row["kind"], str(row["kind"]))


def _row(columns: list[str], values: dict[str, Json]) -> Json:
    return {"ColData": [values.get(name, {"value": ""}) for name in columns], "type": "Data"}
