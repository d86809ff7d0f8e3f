"""QuickBooks' books: documents expand to the ledger, reports are the ledger, copies are copies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from square import Square

from sandbox.quickbooks import Webhooks
from sandbox.quickbooks.entities import DOCUMENTS, ENTITIES
from sandbox.quickbooks.errors import QuickBooksError
from sandbox.quickbooks.server import COMPANY_ID, QuickBooks
from sandbox.quickbooks.webhooks import signature
from sandbox.serving import serving
from sandbox.square import square_app
from sandbox.world import World, WorldSettings, generate

Document = dict
Sums = dict[str, Decimal]
FIRST, LAST = "2026-05-01", "2026-09-30"
RECEIVABLE = {"USD": "1", "EUR": "2", "GBP": "3", "CAD": "4"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    generate(WorldSettings(seed=8, years=0.35, orders_per_day=40), path).close()
    return path


@pytest.fixture(scope="module")
def world(folder: Path) -> World:
    return World(folder)


@pytest.fixture(scope="module")
def company(world: World) -> QuickBooks:
    return QuickBooks(world)


@pytest.fixture(scope="module")
def documents(company: QuickBooks) -> dict[str, list[Document]]:
    return everything(company)


def everything(company: QuickBooks) -> dict[str, list[Document]]:
    return {name: list(pages(company, name)) for name in DOCUMENTS}


def pages(company: QuickBooks, name: str) -> Iterator[Document]:
    start = 1
    with company.books.at_present():
        while True:
            answer = company.query(f"select * from {name} startposition {start} maxresults 1000")
            found = answer["QueryResponse"].get(ENTITIES[name.lower()].key, [])
            yield from found
            start += len(found)
            if len(found) < 1000:
                return


def report(company: QuickBooks, name: str, **asked: str) -> Document:
    with company.books.at_present():
        return company.reports.report(name, {"start_date": FIRST, "end_date": LAST, **asked})


def lines(rows: list[Document]) -> Iterator[tuple[str, list[str]]]:
    """Every line of a report that is about an account: its id and its amounts."""
    for row in rows:
        for part in (row.get("Header", row),):
            cells = part.get("ColData", [])
            if cells and cells[0].get("id"):
                yield cells[0]["id"], [cell["value"] for cell in cells[1:]]
        yield from lines(row.get("Rows", {}).get("Row", []))


def totals(made: Document) -> dict[str, list[Decimal]]:
    """The totals of a report's groups."""
    found: dict[str, list[Decimal]] = {}

    def walk(rows: list[Document]) -> None:
        for row in rows:
            if "group" in row:
                cells = row["Summary"]["ColData"] if "Summary" in row else row["ColData"]
                found[row["group"]] = [Decimal(cell["value"] or 0) for cell in cells[1:]]
            walk(row.get("Rows", {}).get("Row", []))

    walk(made["Rows"]["Row"])
    return found


def amount(value: float | str) -> Decimal:
    return Decimal(str(value))


# --- documents expand to balanced postings --------------------------------------------------


class Expansion:
    """Debits (positive) and credits by account that a document's own lines say."""

    def __init__(self, company: QuickBooks) -> None:
        with company.books.at_present():

            def listed(name: str) -> list[Document]:
                text = f"select * from {name} maxresults 1000"
                return company.query(text)["QueryResponse"][name]

            self.items = {item["Id"]: item for item in listed("Item")}
            accounts = {account["Name"]: account["Id"] for account in listed("Account")}
            agencies = {agency["Id"]: accounts[f"{agency['DisplayName']} Payable"]
                        for agency in listed("TaxAgency")}  # fmt: skip
            self.tax = {rate["Id"]: agencies[rate["AgencyRef"]["value"]]
                        for rate in listed("TaxRate")}  # fmt: skip

    def of(self, name: str, document: Document) -> Sums:
        sums: Sums = defaultdict(Decimal)
        make = {
            "Invoice": self._sale, "SalesReceipt": self._sale, "CreditMemo": self._sale,
            "RefundReceipt": self._sale, "Payment": self._payment, "Bill": self._cost,
            "VendorCredit": self._cost, "Purchase": self._cost, "BillPayment": self._bill_payment,
            "Deposit": self._deposit, "Transfer": self._move, "CreditCardPayment": self._move,
            "JournalEntry": self._journal,
        }[name]  # fmt: skip
        make(name, document, sums)
        return {account: value for account, value in sums.items() if value}

    def _sale(self, name: str, document: Document, sums: Sums) -> None:
        sign = 1 if name in ("Invoice", "SalesReceipt") else -1
        is_open = name in ("Invoice", "CreditMemo")
        account = (RECEIVABLE[document["CurrencyRef"]["value"]] if is_open
                   else document["DepositToAccountRef"]["value"])  # fmt: skip
        sums[account] += sign * amount(document["TotalAmt"])
        for line in document["Line"]:
            inner = line.get("GroupLineDetail", {}).get("Line", [])
            for each in inner or [line]:
                if each["DetailType"] == "SalesItemLineDetail":
                    detail = each["SalesItemLineDetail"]
                    sums[detail["ItemAccountRef"]["value"]] -= sign * amount(each["Amount"])
            if line["DetailType"] == "DiscountLineDetail":
                account = line["DiscountLineDetail"]["DiscountAccountRef"]["value"]
                sums[account] += sign * amount(line["Amount"])
        for line in document["TxnTaxDetail"].get("TaxLine", []):
            rate = line["TaxLineDetail"]["TaxRateRef"]["value"]
            sums[self.tax[rate]] -= sign * amount(line["Amount"])

    def _payment(self, _name: str, document: Document, sums: Sums) -> None:
        if document["TotalAmt"]:
            sums[document["DepositToAccountRef"]["value"]] += amount(document["TotalAmt"])
            sums[document["ARAccountRef"]["value"]] -= amount(document["TotalAmt"])

    def _cost(self, name: str, document: Document, sums: Sums) -> None:
        sign = -1 if name == "VendorCredit" or document.get("Credit") else 1
        account = document.get("APAccountRef") or document["AccountRef"]
        sums[account["value"]] -= sign * amount(document["TotalAmt"])
        for line in document["Line"]:
            detail = line[line["DetailType"]]
            item = self.items.get(detail.get("ItemRef", {}).get("value"), {})
            account = (detail.get("AccountRef") or item.get("AssetAccountRef")
                       or item["ExpenseAccountRef"])  # fmt: skip
            sums[account["value"]] += sign * amount(line["Amount"])

    def _bill_payment(self, _name: str, document: Document, sums: Sums) -> None:
        paid = document.get("CheckPayment", {}).get("BankAccountRef") or document[
            "CreditCardPayment"]["CCAccountRef"]  # fmt: skip
        sums[paid["value"]] -= amount(document["TotalAmt"])
        for line in document["Line"]:
            sign = -1 if line["LinkedTxn"][0]["TxnType"] == "VendorCredit" else 1
            sums[document["APAccountRef"]["value"]] += sign * amount(line["Amount"])

    def _deposit(self, _name: str, document: Document, sums: Sums) -> None:
        sums[document["DepositToAccountRef"]["value"]] += amount(document["TotalAmt"])
        for line in document["Line"]:
            account = line["DepositLineDetail"].get("AccountRef", {"value": "14"})
            sums[account["value"]] -= amount(line["Amount"])

    def _move(self, name: str, document: Document, sums: Sums) -> None:
        source, target = (("FromAccountRef", "ToAccountRef") if name == "Transfer"
                          else ("BankAccountRef", "CreditCardAccountRef"))  # fmt: skip
        sums[document[source]["value"]] -= amount(document["Amount"])
        sums[document[target]["value"]] += amount(document["Amount"])

    def _journal(self, _name: str, document: Document, sums: Sums) -> None:
        for line in document["Line"]:
            detail = line["JournalEntryLineDetail"]
            sign = 1 if detail["PostingType"] == "Debit" else -1
            sums[detail["AccountRef"]["value"]] += sign * amount(line["Amount"])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_expands_to_what_the_ledger_holds_without_what_is_implicit(
    company: QuickBooks, world: World, documents: dict[str, list[Document]], name: str
) -> None:
    posted: dict[str, Sums] = defaultdict(dict)
    for identity, account, cents in world.rows(
        "select document_id, account_id, sum(foreign_cents)::bigint from quickbooks_postings "
        "where kind = ? and not is_implicit and known_until is null "
        "group by all having sum(foreign_cents) <> 0", name,
    ):  # fmt: skip
        posted[str(identity)][str(account)] = Decimal(cents) / 100
    expansion = Expansion(company)
    assert documents[name]
    for document in documents[name]:
        expanded = expansion.of(name, document)
        assert sum(expanded.values()) == 0, document["Id"]
        assert expanded == posted.get(document["Id"], {}), document["Id"]
    assert set(posted) <= {document["Id"] for document in documents[name]}


def test_every_document_of_the_ledger_balances_in_both_currencies(world: World) -> None:
    for table in ("quickbooks_postings", "quickbooks_cash_postings"):
        assert (
            world.rows(
                f"select document_id from {table} group by document_id, known_from "
                "having sum(debit_cents) <> sum(credit_cents)"
            )
            == []
        )
    assert world.rows("select document_id from quickbooks_postings group by document_id, "
                      "known_from having sum(foreign_cents) <> 0") == []  # fmt: skip


def test_goods_sold_are_posted_though_no_line_says_so(world: World) -> None:
    ((sold, explicit),) = world.rows(
        "select sum(debit_cents - credit_cents) filter (is_implicit), "
        "sum(debit_cents - credit_cents) filter (not is_implicit) from quickbooks_postings "
        "where account_id = 41 and kind <> 'JournalEntry'"
    )
    assert sold > 0
    assert explicit is None


# --- reports --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["Accrual", "Cash"])
@pytest.mark.parametrize("by", ["Total", "Month"])
def test_profit_and_loss_is_the_ledger(
    company: QuickBooks, world: World, method: str, by: str
) -> None:
    table = "quickbooks_postings" if method == "Accrual" else "quickbooks_cash_postings"
    expected: dict[str, list[Decimal]] = {}
    for account, month, cents in world.rows(
        f"select account_id, month(txn_date), sum(credit_cents - debit_cents)::bigint "
        f"from {table} where account_id > 30 and known_until is null "
        f"and txn_date between ? and ? group by all", FIRST, LAST,
    ):  # fmt: skip
        months = expected.setdefault(str(account), [Decimal(0)] * 5)
        months[month - 5] = Decimal(cents) / 100
    made = report(company, "ProfitAndLoss", accounting_method=method, summarize_column_by=by)
    assert made["Header"]["ReportBasis"] == method
    income = {"31", "32", "33", "35", "36", "37", "38", "39", "65"}
    found = {
        account: [amount(value or 0) * (1 if account in income else -1) for value in values]
        for account, values in lines(made["Rows"]["Row"]) if any(values)
    }  # fmt: skip
    columns = [column["ColTitle"] for column in made["Columns"]["Column"]]
    if by == "Total":
        assert columns == ["", "Total"]
        assert found == {account: [sum(months, Decimal(0))] for account, months in
                         expected.items() if sum(months)}  # fmt: skip
    else:
        assert columns == ["", *(f"{m} 2026" for m in ("May", "Jun", "Jul", "Aug", "Sep")),
                           "TOTAL"]  # fmt: skip
        assert found == {account: [*months, sum(months, Decimal(0))] for account, months in
                         expected.items()}  # fmt: skip
    sums = totals(made)
    for column, net in enumerate(sums["NetIncome"]):
        assert net == (sums["Income"][column] - sums["COGS"][column] - sums["Expenses"][column]
                       + sums["OtherIncome"][column] - sums["OtherExpenses"][column])  # fmt: skip


@pytest.mark.parametrize("method", ["Accrual", "Cash"])
def test_the_balance_sheet_balances_in_every_column(company: QuickBooks, method: str) -> None:
    made = report(company, "BalanceSheet", accounting_method=method, summarize_column_by="Month")
    sums = totals(made)
    assert sums["TotalAssets"] == sums["TotalLiabilitiesAndEquity"]
    assert len(sums["TotalAssets"]) == 5
    assert sums["TotalAssets"][-1] > 0
    earned = totals(report(company, "ProfitAndLoss", accounting_method=method))["NetIncome"]
    assert sums["NetIncome"][-1] == earned[0]
    owed = {account for account, values in lines(made["Rows"]["Row"]) if any(values)}
    assert ("5" in owed) == (method == "Accrual"), "cash basis knows no payables"


@pytest.mark.parametrize("method", ["Accrual", "Cash"])
def test_the_trial_balance_balances_and_agrees_with_the_ledger_report(
    company: QuickBooks, method: str
) -> None:
    trial = report(company, "TrialBalance", accounting_method=method)
    ((debit, credit),) = [
        [cell["value"] for cell in row["Summary"]["ColData"][1:]]
        for row in trial["Rows"]["Row"] if row.get("group") == "GrandTotal"
    ]  # fmt: skip
    assert debit == credit
    balances = {account: amount(values[0] or 0) - amount(values[1] or 0)
                for account, values in lines(trial["Rows"]["Row"])}  # fmt: skip
    ledger = report(company, "GeneralLedger", accounting_method=method)
    ends: dict[str, Decimal] = {}

    def walk(rows: list[Document]) -> None:
        for row in rows:
            inside = row.get("Rows", {}).get("Row", [])
            if inside and "ColData" in inside[-1]:
                ends[row["Header"]["ColData"][0]["id"]] = amount(
                    inside[-1]["ColData"][-1]["value"])  # fmt: skip
            walk(inside)

    walk(ledger["Rows"]["Row"])
    assert {account: abs(value) for account, value in balances.items()} == {
        account: abs(value) for account, value in ends.items() if value}  # fmt: skip


def test_the_general_ledger_names_the_document_of_each_posting(
    company: QuickBooks, documents: dict[str, list[Document]]
) -> None:
    made = report(company, "GeneralLedger", account="10")
    (checking,) = made["Rows"]["Row"]
    assert checking["Header"]["ColData"][0] == {"value": "Checking", "id": "10"}
    keys = [column["ColType"] for column in made["Columns"]["Column"]]
    rows = [dict(zip(keys, row["ColData"], strict=True)) for row in checking["Rows"]["Row"]]
    payouts = {row["txn_type"]["id"]: row for row in rows
               if row["txn_type"]["value"] == "Deposit"}  # fmt: skip
    deposits = {each["Id"]: each for each in documents["Deposit"]
                if each["DepositToAccountRef"]["value"] == "10"}  # fmt: skip
    assert set(payouts) == set(deposits)
    for identity, row in payouts.items():
        assert amount(row["subt_nat_amount"]["value"]) == amount(deposits[identity]["TotalAmt"])
        assert row["tx_date"]["value"] == deposits[identity]["TxnDate"]


def test_on_cash_basis_sales_count_as_far_as_they_are_paid(
    company: QuickBooks, documents: dict[str, list[Document]]
) -> None:
    """The goods of every document, an invoice's by the share of it that was paid."""
    expansion = Expansion(company)
    expected, accrued, count = Decimal(0), Decimal(0), 0
    for name in ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"):
        for document in documents[name]:
            sold = -expansion.of(name, document).get("31", Decimal(0)) * amount(
                document.get("ExchangeRate", 1))  # fmt: skip
            accrued += sold
            if name in ("Invoice", "CreditMemo") and document["TotalAmt"]:
                total = amount(document["TotalAmt"])
                sold *= (total - amount(document["Balance"])) / total
            expected, count = expected + sold, count + 1
    made = report(company, "ProfitAndLoss", accounting_method="Cash")
    found = dict(lines(made["Rows"]["Row"]))["31"]
    assert abs(amount(found[0]) - expected) < Decimal("0.01") * count
    assert accrued - expected > 1000


def test_reports_cover_named_dates_and_columns_of_any_length(company: QuickBooks) -> None:
    with company.books.at_present():
        made = company.reports.report("ProfitAndLoss", {"date_macro": "Last Month"})
        header = made["Header"]
        assert (header["StartPeriod"], header["EndPeriod"]) == ("2026-09-01", "2026-09-30")
        whole = company.reports.report("ProfitAndLoss", {})
        assert whole["Header"]["DateMacro"] == "this calendar year-to-date"
        with pytest.raises(QuickBooksError, match="Invalid Enumeration"):
            company.reports.report("ProfitAndLoss", {"date_macro": "Someday"})
        with pytest.raises(QuickBooksError, match="Invalid Date"):
            company.reports.report("ProfitAndLoss", {"start_date": "tomorrow"})
        with pytest.raises(QuickBooksError, match="Unsupported"):
            company.reports.report("CashFlow", {})
    net = totals(report(company, "ProfitAndLoss"))["NetIncome"][0]
    for by, count in (("Days", 153), ("Week", 23), ("Quarter", 2), ("Year", 1)):
        sums = totals(report(company, "ProfitAndLoss", summarize_column_by=by))["NetIncome"]
        assert len(sums) == count + 1
        assert sum(sums[:-1]) == sums[-1] == net


def test_places_add_up_to_the_whole(company: QuickBooks) -> None:
    whole = dict(lines(report(company, "ProfitAndLoss")["Rows"]["Row"]))["55"]
    parts = [dict(lines(report(company, "ProfitAndLoss", department=place)["Rows"]["Row"]))["55"]
             for place in "1234"]  # fmt: skip
    assert sum(amount(part[0]) for part in parts) == amount(whole[0])


def test_on_cash_basis_rent_counts_when_it_is_paid(
    company: QuickBooks, documents: dict[str, list[Document]]
) -> None:
    rents = {each["Id"]: each for each in documents["Bill"]
             if each["DocNumber"].startswith("RENT-")}  # fmt: skip
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in documents["BillPayment"]:
        for line in payment["Line"]:
            if line["LinkedTxn"][0]["TxnId"] in rents:
                paid[payment["TxnDate"][:7]] += amount(line["Amount"])
    made = report(company, "ProfitAndLoss", accounting_method="Cash", summarize_column_by="Month")
    found = dict(lines(made["Rows"]["Row"]))["51"]
    months = [f"2026-0{month}" for month in range(5, 10)]
    assert [amount(value or 0) for value in found[:-1]] == [paid[month] for month in months]
    assert sum(paid.values()) < sum(amount(each["TotalAmt"]) for each in rents.values())


# --- what is in the books -------------------------------------------------------------------


def test_every_way_of_copying_a_sale_is_there_and_as_told(
    world: World, documents: dict[str, list[Document]]
) -> None:
    found = {each["Id"]: each for group in documents.values() for each in group}
    ways: Counter[tuple[str, str, bool]] = Counter()
    for kind, identity, order, how, twice, name, place in world.rows(
        "with named as (select order_id, o.trade, '#' || (1000 + row_number() over "
        "(order by order_id)) as name from orders o join places using (place_id) "
        "where system = 'shopify') "
        "select document_type, document_id, order_id, how, is_duplicate, n.name, trade "
        "from quickbooks_copies c join named n using (order_id) where c.system = 'shopify'"
    ):
        document = found.get(str(identity))
        if document is None or document.get("PrivateNote") == "Voided":
            continue
        ways[kind, how, twice] += 1
        number, note = document["DocNumber"], document.get("PrivateNote", "")
        if how == "doc_number":
            assert number.removesuffix("-R1").lstrip("#") == name[1:]
        else:
            assert number.lstrip("#").removesuffix("-R1") != name[1:]
            assert (name in note) == (how == "private_note" and not twice), (order, place)
    for kind in ("SalesReceipt", "Invoice"):
        for how in ("doc_number", "private_note", "none"):
            assert ways[kind, how, False] > 3, (kind, how)
    assert sum(count for (_, _, twice), count in ways.items() if twice) > 3
    assert any(kind == "RefundReceipt" for kind, _, _ in ways)


def test_a_copy_is_worth_what_the_order_was(world: World, company: QuickBooks) -> None:
    rows = world.rows(
        "with worth as (select order_id, event_id, sum(gross_cents - discount_cents + tax_cents "
        "+ charge_cents)::bigint as cents from event_lines group by all), given as (select "
        "event_id, sum(amount_cents)::bigint as by_card from payments where method = 'gift_card' "
        "group by event_id) "
        "select v.total_cents, w.cents - coalesce(g.by_card, 0), c.is_duplicate "
        "from quickbooks_copies c join quickbooks_versions v on v.document_id = c.document_id "
        "and v.version = 1 join worth w using (event_id) left join given g using (event_id) "
        "join events e using (event_id) where e.kind = 'sale'"
    )
    assert len(rows) > 500
    assert all(copied == worth for copied, worth, _ in rows)
    twice = world.rows(
        "select a.txn_date = b.txn_date and a.customer_id = b.customer_id and a.total_cents = "
        "b.total_cents from quickbooks_copies c join quickbooks_versions a on a.document_id = "
        "c.document_id and a.version = 1 join quickbooks_copies d on d.event_id = c.event_id and "
        "not d.is_duplicate join quickbooks_versions b on b.document_id = d.document_id and "
        "b.version = 1 where c.is_duplicate"
    )
    assert twice
    assert all(same for (same,) in twice)


def test_a_day_of_square_is_one_document(
    world: World, documents: dict[str, list[Document]]
) -> None:
    ((days,),) = world.rows(
        "select count(*) from (select distinct place_id, timezone(time_zone, happened_at)::date "
        "from events join orders using (order_id) join places using (place_id) "
        "where system = 'square' and not is_test and happened_at::date < '2026-10-01')"
    )
    summaries = [each for name in ("JournalEntry", "SalesReceipt") for each in documents[name]
                 if each["DocNumber"].startswith("SQ-")]  # fmt: skip
    assert len({each["DocNumber"] for each in summaries}) == len(summaries)
    assert days - 2 <= len(summaries) <= days
    kinds = Counter("CustomerRef" in each for each in summaries)
    assert kinds[False] > kinds[True] > 5


def test_a_payout_of_square_is_one_deposit_net_of_fees_and_refunds(
    world: World, documents: dict[str, list[Document]]
) -> None:
    deposits = {each["Id"]: each for each in documents["Deposit"]}
    booked = {
        payout: (deposits[str(identity)], how) for payout, identity, how in world.rows(
            "select payout_id, document_id, how from quickbooks_copies "
            "where document_type = 'Deposit' and system = 'square'")
        if str(identity) in deposits
    }  # fmt: skip
    with serving(square_app(world, lambda _token: True)) as address:
        square = Square(token="any", base_url=address)
        places = [place.id for place in square.locations.list().locations or []]
        payouts = [payout for place in places for payout in square.payouts.list(location_id=place)]
    assert len(payouts) > 200
    found = 0
    for payout in payouts:
        if payout.id not in booked or payout.amount_money is None:
            continue
        deposit, how = booked[payout.id]
        found += 1
        assert amount(deposit["TotalAmt"]) * 100 == payout.amount_money.amount
        assert (payout.id in deposit.get("PrivateNote", "")) == (how == "payout_id")
        late = datetime.fromisoformat(deposit["TxnDate"]) - datetime.fromisoformat(
            str(payout.arrival_date))  # fmt: skip
        assert timedelta(0) <= late <= timedelta(days=3)
    assert len(payouts) - found < 12, "what came in the last days is not in the bank yet"


def test_a_payout_of_shopify_is_one_deposit_for_all_places(
    world: World, documents: dict[str, list[Document]]
) -> None:
    expected = {
        str(payout): cents for payout, cents in world.rows(
            "with cards as (select timezone('America/New_York', paid_at)::date as day, "
            "amount_cents - fee_cents as net from payments join orders using (order_id) "
            "join places using (place_id) where system = 'shopify' and method = 'card' "
            "and not is_test) select datediff('day', date '2000-01-01', day + case dayofweek(day) "
            "when 5 then 3 when 6 then 2 else 1 end) as payout_id, sum(net)::bigint "
            "from cards group by 1")
    }  # fmt: skip
    notes = [each for each in documents["Deposit"]
             if each.get("PrivateNote", "").startswith("Shopify payout")]  # fmt: skip
    assert len(notes) > 40
    for deposit in notes:
        assert amount(deposit["TotalAmt"]) * 100 == expected[deposit["PrivateNote"].split()[2]]
        fee = next(line for line in deposit["Line"] if line["Amount"] < 0)
        assert fee["DepositLineDetail"]["AccountRef"]["name"] == "Merchant Fees"


def test_costs_are_what_the_world_spent(world: World, documents: dict[str, list[Document]]) -> None:
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for each in documents["Purchase"]:
        line = each["Line"][0]
        if line[line["DetailType"]]["AccountRef"]["value"] == "57" and not each["Credit"]:
            spent[line["Description"]] += amount(line["Amount"])
    for platform, cents in world.rows(
        "select platform, sum(spend_cents)::bigint from ad_spend group by platform"
    ):
        gap = Decimal(cents) / 100 - spent[platform]
        assert 0 <= gap < Decimal(cents) / 100 * Decimal("0.15"), "a purchase may be undone"
    bills = {each["DocNumber"]: each for each in documents["Bill"]}
    delivered = world.rows(
        "select 'PO-' || purchase_id, sum(quantity * unit_cost_cents)::bigint, currency "
        "from purchases join purchase_lines using (purchase_id) "
        "where received_at between '2026-06-01' and '2026-09-29' group by all"
    )
    assert len(delivered) > 100
    for number, cents, currency in delivered:
        assert amount(bills[number]["TotalAmt"]) * 100 == cents
        assert bills[number]["CurrencyRef"]["value"] == currency
    assert any(len(each["Line"]) > 2 for each in documents["BillPayment"])


def test_the_lines_that_mislead_are_all_there(documents: dict[str, list[Document]]) -> None:
    invoices = [each for each in documents["Invoice"] if each.get("PrivateNote") != "Voided"]
    kinds = Counter(line["DetailType"] for each in invoices for line in each["Line"])
    assert set(kinds) == {"SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail",
                          "GroupLineDetail", "DescriptionOnly"}  # fmt: skip
    assert all(line["Amount"] > 0 for each in invoices for line in each["Line"]
               if line["DetailType"] == "DiscountLineDetail")  # fmt: skip
    foreign = {each["CurrencyRef"]["value"] for each in invoices} - {"USD"}
    assert foreign == {"EUR", "GBP", "CAD"}
    for each in invoices:
        if each["CurrencyRef"]["value"] != "USD":
            home = amount(each["TotalAmt"]) * amount(each["ExchangeRate"])
            assert abs(home - amount(each["HomeTotalAmt"])) <= Decimal("0.005")
    balances = Counter("open" if i["Balance"] == i["TotalAmt"] else "part" if i["Balance"] else
                       "paid" for i in invoices)  # fmt: skip
    assert min(balances[state] for state in ("open", "part", "paid")) > 3
    assert any(each.get("Credit") for each in documents["Purchase"])
    assert {each["PaymentType"] for each in documents["Purchase"]} == {"Cash", "Check",
                                                                       "CreditCard"}  # fmt: skip
    assert any(line.get("LinkedTxn") for each in documents["Deposit"] for line in each["Line"])


def test_voided_documents_stay_with_zeros_and_leave_the_ledger(
    world: World, documents: dict[str, list[Document]]
) -> None:
    voided = [(name, each) for name, group in documents.items() for each in group
              if each.get("PrivateNote") == "Voided"]  # fmt: skip
    assert {name for name, _ in voided} >= {"Invoice", "Purchase"}
    for _, document in voided:
        assert document["TotalAmt"] == 0
        assert not any(line.get("Amount") for line in document["Line"])
        assert document["SyncToken"] != "0"
        assert world.rows("select 1 from quickbooks_postings where document_id = ? and "
                          "known_until is null", int(document["Id"])) == []  # fmt: skip


def test_a_balance_is_the_total_less_what_was_linked(documents: dict[str, list[Document]]) -> None:
    linked: dict[str, Decimal] = defaultdict(Decimal)
    for name in ("Payment", "BillPayment"):
        for document in documents[name]:
            for line in document["Line"]:
                linked[line["LinkedTxn"][0]["TxnId"]] += amount(line["Amount"])
    for name in ("Invoice", "Bill", "CreditMemo", "VendorCredit"):
        for document in documents[name]:
            left = amount(document["TotalAmt"]) - linked[document["Id"]]
            assert amount(document["Balance"]) == left, (name, document["Id"])


# --- the clock ------------------------------------------------------------------------------


def test_what_is_written_later_is_not_there_yet_and_comes_with_the_clock(folder: Path) -> None:
    noon = datetime(2026, 8, 14, 12, tzinfo=UTC)
    past = World(folder, now=noon)
    company = QuickBooks(past)
    before = everything(company)
    for group in before.values():
        for document in group:
            changed = datetime.fromisoformat(document["MetaData"]["LastUpdatedTime"])
            assert changed <= noon
    sums = totals(report(company, "BalanceSheet"))
    assert sums["TotalAssets"] == sums["TotalLiabilitiesAndEquity"]
    unpaid = {each["Id"] for each in before["Invoice"] if each["Balance"]}
    past.advance(noon + timedelta(days=20))
    after = everything(company)
    assert {each["Id"] for each in before["Bill"]} < {each["Id"] for each in after["Bill"]}
    later = {each["Id"]: each for each in after["Invoice"]}
    paid = [i for i in unpaid if i in later and not later[i]["Balance"]]
    assert paid
    earlier = {each["Id"]: each for each in before["Invoice"]}
    assert all(int(later[i]["SyncToken"]) > int(earlier[i]["SyncToken"]) for i in paid)
    past.close()


def test_a_world_that_went_on_is_the_world_that_is_opened_at_its_end(
    folder: Path, documents: dict[str, list[Document]]
) -> None:
    moving = World(folder, now=datetime(2026, 8, 1, tzinfo=UTC))
    company = QuickBooks(moving)
    for day in (9, 17, 30):
        moving.advance(datetime(2026, 9, day, 15, tzinfo=UTC))
        assert list(pages(company, "Invoice"))
    moving.advance(moving.ends_at)
    assert everything(company) == documents
    moving.close()


def test_what_changes_tell_makes_the_same_books_as_reading_all_again(folder: Path) -> None:
    past = World(folder, now=datetime(2026, 9, 2, 6, tzinfo=UTC))
    company = QuickBooks(past)
    names = ("Invoice", "Purchase", "SalesReceipt", "Payment")
    known = {name: {each["Id"]: each for each in pages(company, name)} for name in names}
    since = past.now
    past.advance(since + timedelta(days=27))
    with company.books.at_present():
        answer = company.changes(",".join(names), since.isoformat())
    gone = 0
    for part in answer["CDCResponse"][0]["QueryResponse"]:
        for name in set(names) & set(part):
            for each in part[name]:
                if each.get("status") == "Deleted":
                    gone += known[name].pop(each["Id"], None) is not None
                else:
                    known[name][each["Id"]] = each
    assert gone
    for name in names:
        assert known[name] == {each["Id"]: each for each in pages(company, name)}
    past.close()


def test_webhooks_tell_each_change_signed_and_by_id_only(world: World, company: QuickBooks) -> None:
    hooks = Webhooks(world, "verifier")
    since, until = (datetime(2026, 9, day, tzinfo=UTC) for day in (1, 21))
    events = hooks.events(since, until)
    kinds = Counter(event["type"] for event in events)
    for kind in ("invoice.created", "invoice.updated", "customer.created"):
        assert kinds[f"qbo.{kind}.v1"]
    assert any(kind.endswith(".deleted.v1") for kind in kinds)
    assert not any("creditcardpayment" in kind for kind in kinds)
    assert len({event["id"] for event in events}) == len(events)
    assert all(event["intuitaccountid"] == COMPANY_ID and event["data"] == {} for event in events)
    told = []
    for body, headers in hooks.bodies(since, until):
        digest = hmac.new(b"verifier", body, hashlib.sha256).digest()
        assert headers["intuit-signature"] == base64.b64encode(digest).decode()
        assert headers["intuit-signature"] == signature(body, "verifier")
        told += json.loads(body)
    assert told == events
    with company.books.at_present():
        changed = company.changes("Purchase", "2026-09-02T00:00:00Z")
    purchases = changed["CDCResponse"][0]["QueryResponse"][0]["Purchase"]
    every = {event["intuitentityid"] for event in hooks.events(since, world.now)
             if event["type"].startswith("qbo.purchase.")}  # fmt: skip
    assert {purchase["Id"] for purchase in purchases} <= every


def test_webhooks_are_posted(world: World, company: QuickBooks) -> None:
    received: list[tuple[bytes, str]] = []

    async def subscriber(scope: dict, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        received.append((body, dict(scope["headers"])[b"intuit-signature"].decode()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    since = datetime(2026, 9, 1, tzinfo=UTC)
    with serving(subscriber) as address:
        statuses = Webhooks(world, "verifier").deliver(address, since, since + timedelta(days=1))
    assert statuses
    assert set(statuses) == {200}
    assert all(signature(body, "verifier") == header for body, header in received)


def test_the_same_seed_writes_the_same_books(
    tmp_path: Path, documents: dict[str, list[Document]]
) -> None:
    again = generate(WorldSettings(seed=8, years=0.35, orders_per_day=40), tmp_path)
    assert everything(QuickBooks(again)) == documents
    again.close()
