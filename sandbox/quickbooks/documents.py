"""Transactions as JSON objects: invoices, receipts, payments, bills, journal entries and so on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.quickbooks.books import Books
from sandbox.quickbooks.chart import (
    CURRENCIES,
    HOME,
    PAYABLES,
    RECEIVABLES,
    SHIPPING_ITEM,
    TAX_RATES,
    Account,
)
from sandbox.quickbooks.query import COMPANY_ZONE

Json = dict[str, Any]
SALES = ("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt")
DETAIL_KEYS = {"DescriptionOnly": "DescriptionLineDetail"}
LIST_NAMES = ("accounts", "items", "vendors", "classes", "departments", "terms", "payment_methods")


def stamp(moment: datetime) -> str:
    """A time with the company's offset."""
    return moment.astimezone(COMPANY_ZONE).isoformat(timespec="seconds")


def money(cents: int) -> float:
    """An amount as QuickBooks writes it: a JSON number with at most two decimals."""
    return round(cents / 100, 2)


def without_nulls(document: Json) -> Json:
    """QuickBooks leaves out what is not set."""
    return {name: value for name, value in document.items() if value is not None}


class Documents:
    """Makes transactions of rows of ``quickbooks_current``."""

    def __init__(self, books: Books) -> None:
        """Documents of the books; names of the lists are read once."""
        self._books = books
        self._names: dict[str, dict[int, str]] = {
            table: {row["id"]: row["name"] for row in books.rows(
                f"select id, name from quickbooks_{table}")}
            for table in LIST_NAMES
        }  # fmt: skip
        self._income: dict[int, int] = {row["id"]: row["income_account_id"] for row in books.rows(
            "select id, income_account_id from quickbooks_items "
            "where income_account_id is not null")}  # fmt: skip

    def documents(self, rows: list[Json]) -> list[Json]:
        """Full documents of rows, in their order."""
        ids = [row["document_id"] for row in rows]
        lines: dict[int, list[Json]] = defaultdict(list)
        links: dict[int, list[Json]] = defaultdict(list)
        linked: dict[int, list[Json]] = defaultdict(list)
        if ids:
            among = f"in (select unnest({ids!r}))"
            for line in self._books.rows(
                f"select l.* from quickbooks_lines l join quickbooks_current c "
                f"using (document_id, body) where document_id {among} "
                f"order by document_id, line_number"
            ):
                lines[line["document_id"]].append(line)
            now = self._books.now
            for link in self._books.rows(
                f"select * from quickbooks_links where (target_id {among} or by_id {among}) and "
                f"known_from <= $now and (known_until is null or known_until > $now) "
                f"order by target_id, by_id", {"now": now},
            ):  # fmt: skip
                linked[link["target_id"]].append(link)
                links[link["by_id"]].append(link)
        return [
            self._document(row, lines[row["document_id"]], links[row["document_id"]],
                           linked[row["document_id"]])
            for row in rows
        ]  # fmt: skip

    def _document(self, row: Json, lines: list[Json], links: list[Json],
                  linked: list[Json]) -> Json:  # fmt: skip
        own = {name: made for name, made in self._own(row, lines, links, linked).items()
               if made is not None}  # fmt: skip
        return without_nulls({
            "domain": "QBO", "sparse": False, "Id": str(row["document_id"]),
            "SyncToken": str(row["sync_token"]),
            "MetaData": {"CreateTime": stamp(row["created_at"]),
                         "LastUpdatedTime": stamp(row["updated_at"])},
            "DocNumber": row["doc_number"] if row["kind"] not in (
                "Deposit", "Transfer", "CreditCardPayment", "Payment") else None,
            "TxnDate": row["txn_date"].isoformat(),
            "DepartmentRef": self._ref("departments", row["department_id"]),
            "CurrencyRef": {"value": row["currency"], "name": CURRENCIES[row["currency"]]},
            "ExchangeRate": 1 if row["currency"] == HOME else row["rate_ppm"] / 1_000_000,
            "PrivateNote": row["private_note"], **own,
        })  # fmt: skip

    def _own(self, row: Json, lines: list[Json], links: list[Json], linked: list[Json]) -> Json:
        kind = row["kind"]
        if kind in SALES:
            return self._sale(row, lines, linked)
        makers: dict[str, Callable[[], Json]] = {
            "Payment": lambda: self._payment(row, links),
            "Bill": lambda: self._bill(row, lines, linked),
            "VendorCredit": lambda: self._bill(row, lines, linked),
            "BillPayment": lambda: self._bill_payment(row, links),
            "Purchase": lambda: self._purchase(row, lines),
            "Deposit": lambda: self._deposit(row, lines),
            "Transfer": lambda: {
                "FromAccountRef": self._account(row["account_id"]),
                "ToAccountRef": self._account(row["other_account_id"]),
                "Amount": money(row["total_cents"])},
            "CreditCardPayment": lambda: {
                "BankAccountRef": self._account(row["account_id"]),
                "CreditCardAccountRef": self._account(row["other_account_id"]),
                "Amount": money(row["total_cents"])},
            "JournalEntry": lambda: {
                "Adjustment": False, "TotalAmt": money(row["total_cents"]),
                "Line": [self._line(row, line) for line in lines], "TxnTaxDetail": {}},
        }  # fmt: skip
        return makers[kind]()

    # --- what customers got and paid ------------------------------------------------------

    def _sale(self, row: Json, lines: list[Json], linked: list[Json]) -> Json:
        kind = row["kind"]
        is_receipt = kind in ("SalesReceipt", "RefundReceipt")
        is_invoice = kind == "Invoice"
        place = {"City": row["city"], "CountrySubDivisionCode": row["region"] or None,
                 "Country": row["country"]}  # fmt: skip
        balance = 0 if is_receipt else row["balance_cents"]
        return {
            "CustomerRef": {"value": str(row["customer_id"]), "name": row["customer_name"]},
            "CustomerMemo": {"value": row["customer_memo"]} if row["customer_memo"] else None,
            "BillAddr": without_nulls(place) if row["city"] else None,
            "BillEmail": {"Address": row["email"]} if row["email"] else None,
            "ClassRef": self._ref("classes", row["class_id"]),
            "SalesTermRef": self._ref("terms", row["term_id"]),
            "DueDate": row["due_date"].isoformat() if row["due_date"] else None,
            "LinkedTxn": [{"TxnId": str(link["by_id"]), "TxnType": link["by_kind"]}
                          for link in linked] if not is_receipt else None,
            "Line": self._sale_lines(row, lines), "TxnTaxDetail": self._tax(row),
            "TotalAmt": money(row["total_cents"]),
            "HomeTotalAmt": self._home(row, row["total_cents"]),
            "ApplyTaxAfterDiscount": False, "PrintStatus": "NotSet",
            "EmailStatus": "EmailSent" if is_invoice and row["email"] else "NotSet",
            "Balance": money(balance),
            "HomeBalance": self._home(row, balance),
            "RemainingCredit": money(balance) if kind == "CreditMemo" else None,
            "PaymentMethodRef": self._ref("payment_methods", row["payment_method_id"]),
            "DepositToAccountRef": self._account(row["account_id"]) if is_receipt else None,
            "AllowIPNPayment": False if is_invoice else None,
            "AllowOnlinePayment": False if is_invoice else None,
            "AllowOnlineCreditCardPayment": False if is_invoice else None,
            "AllowOnlineACHPayment": False if is_invoice else None,
        }  # fmt: skip

    def _home(self, row: Json, cents: int) -> float:
        return money(
            (abs(cents) * row["rate_ppm"] + 500_000) // 1_000_000 * (-1 if cents < 0 else 1)
        )

    def _tax(self, row: Json) -> Json:
        if not row["tax_code_id"]:
            return {"TotalTax": 0}
        _name, _agency, ppm = TAX_RATES[row["tax_code_id"] - 1]
        code = str(row["tax_code_id"])
        return {
            "TxnTaxCodeRef": {"value": code}, "TotalTax": money(row["tax_cents"]),
            "TaxLine": [{
                "Amount": money(row["tax_cents"]), "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": code}, "PercentBased": True,
                    "TaxPercent": ppm / 10_000, "NetAmountTaxable": money(row["taxable_cents"]),
                },
            }],
        }  # fmt: skip

    def _sale_lines(self, row: Json, lines: list[Json]) -> list[Json]:
        inner = [line for line in lines if line["parent_line"]]
        made = []
        for line in lines:
            if line["parent_line"]:
                continue
            document = self._line(row, line)
            if line["detail"] == "GroupLineDetail":
                document["GroupLineDetail"]["Line"] = [self._line(row, each) for each in inner]
            made.append(document)
        return made

    def _payment(self, row: Json, links: list[Json]) -> Json:
        return {
            "CustomerRef": {"value": str(row["customer_id"]), "name": row["customer_name"]},
            "ARAccountRef": self._account(RECEIVABLES[row["currency"]]),
            "DepositToAccountRef": self._account(row["account_id"]),
            "PaymentMethodRef": self._ref("payment_methods", row["payment_method_id"]),
            "PaymentRefNum": row["doc_number"], "TotalAmt": money(row["total_cents"]),
            "UnappliedAmt": 0, "ProcessPayment": False,
            "Line": self._applied(links),
        }  # fmt: skip

    def _applied(self, links: list[Json]) -> list[Json]:
        return [
            {"Amount": money(link["amount_cents"]),
             "LinkedTxn": [{"TxnId": str(link["target_id"]), "TxnType": link["target_kind"]}]}
            for link in links
        ]  # fmt: skip

    # --- what vendors got and are owed ----------------------------------------------------

    def _bill(self, row: Json, lines: list[Json], linked: list[Json]) -> Json:
        is_bill = row["kind"] == "Bill"
        return {
            "VendorRef": self._ref("vendors", row["vendor_id"]),
            "APAccountRef": self._account(row["account_id"]),
            "LinkedTxn": [{"TxnId": str(link["by_id"]), "TxnType": f"BillPayment{link['pay_type']}"}
                          for link in linked],
            "SalesTermRef": self._ref("terms", row["term_id"]) if is_bill else None,
            "DueDate": row["due_date"].isoformat() if row["due_date"] else None,
            "Line": [self._line(row, line) for line in lines],
            "TotalAmt": money(row["total_cents"]), "Balance": money(row["balance_cents"]),
            "HomeBalance": self._home(row, row["balance_cents"]) if is_bill else None,
        }  # fmt: skip

    def _bill_payment(self, row: Json, links: list[Json]) -> Json:
        account = self._account(row["account_id"])
        by_card = row["pay_type"] == "CreditCard"
        return {
            "VendorRef": self._ref("vendors", row["vendor_id"]), "PayType": row["pay_type"],
            "APAccountRef": self._account(PAYABLES[row["currency"]]),
            "CreditCardPayment": {"CCAccountRef": account} if by_card else None,
            "CheckPayment": None if by_card else {
                "BankAccountRef": account, "PrintStatus": "NotSet"},
            "TotalAmt": money(row["total_cents"]), "Line": self._applied(links),
        }  # fmt: skip

    def _purchase(self, row: Json, lines: list[Json]) -> Json:
        vendor = self._ref("vendors", row["vendor_id"])
        return {
            "AccountRef": self._account(row["account_id"]), "PaymentType": row["pay_type"],
            "EntityRef": {**vendor, "type": "Vendor"} if vendor else None,
            "Credit": row["is_credit"] if row["pay_type"] == "CreditCard" else None,
            "TotalAmt": money(row["total_cents"]),
            "PrintStatus": "NotSet" if row["pay_type"] == "Check" else None,
            "Line": [self._line(row, line) for line in lines],
        }  # fmt: skip

    def _deposit(self, row: Json, lines: list[Json]) -> Json:
        made = []
        for line in lines:
            document = self._line(row, line)
            if line["linked_id"]:
                document["LinkedTxn"] = [{"TxnId": str(line["linked_id"]), "TxnLineId": "0",
                                          "TxnType": line["linked_kind"]}]  # fmt: skip
            made.append(document)
        return {"DepositToAccountRef": self._account(row["account_id"]), "Line": made,
                "TotalAmt": money(row["total_cents"])}  # fmt: skip

    # --- lines ----------------------------------------------------------------------------

    def _line(self, row: Json, line: Json) -> Json:
        """A line; of a voided document everything that counts is zero."""
        cents = line["amount_cents"]
        is_total = line["detail"] == "SubTotalLineDetail"
        number = line["line_number"] if line["line_number"] < 1000 else None
        return without_nulls({
            "Id": None if is_total else str(line["line_number"]),
            "LineNum": number, "Description": line["description"],
            "Amount": None if cents is None else money(0 if row["is_void"] else cents),
            "DetailType": line["detail"],
            str(DETAIL_KEYS.get(line["detail"], line["detail"])): without_nulls(
                self._detail(row, line)),
        })  # fmt: skip

    def _detail(self, row: Json, line: Json) -> Json:
        detail = line["detail"]
        of_class = {"ClassRef": self._ref("classes", line["class_id"])}
        if detail in ("SalesItemLineDetail", "ItemBasedExpenseLineDetail"):
            return {**self._item_detail(row, line), **of_class}
        if detail == "AccountBasedExpenseLineDetail":
            return {"AccountRef": self._account(line["account_id"]), **of_class,
                    "BillableStatus": "NotBillable", "TaxCodeRef": {"value": "NON"}}  # fmt: skip
        if detail == "DepositLineDetail":
            return {"AccountRef": self._account(line["account_id"]), **of_class,
                    "PaymentMethodRef": self._ref("payment_methods",
                                                  line["payment_method_id"])}  # fmt: skip
        if detail == "JournalEntryLineDetail":
            return {"PostingType": line["posting"],
                    "AccountRef": self._account(line["account_id"]), **of_class,
                    "DepartmentRef": self._ref("departments", line["department_id"])}  # fmt: skip
        if detail == "DiscountLineDetail":
            percent = line["percent_ppm"]
            return {"PercentBased": percent is not None,
                    "DiscountPercent": percent / 10_000 if percent else None,
                    "DiscountAccountRef": self._account(line["account_id"])}  # fmt: skip
        if detail == "GroupLineDetail":
            return {"GroupItemRef": self._ref("items", line["item_id"]),
                    "Quantity": 0 if row["is_void"] else line["quantity"]}  # fmt: skip
        return {}

    def _item_detail(self, row: Json, line: Json) -> Json:
        item, price = line["item_id"], line["unit_price_cents"]
        is_sale = line["detail"] == "SalesItemLineDetail"
        is_shipping = item == SHIPPING_ITEM
        account = Account.SHIPPING if is_shipping else self._income.get(item)
        quantity = line["quantity"]
        return {
            "ItemRef": {"value": "SHIPPING_ITEM_ID"} if is_shipping else self._ref("items", item),
            "UnitPrice": None if price is None else round(price / 100, 7),
            "Qty": quantity if quantity is None or not row["is_void"] else 0,
            "ItemAccountRef": self._account(account) if is_sale else None,
            "BillableStatus": None if is_sale else "NotBillable",
            "TaxCodeRef": {"value": "TAX" if line["is_taxable"] else "NON"},
        }  # fmt: skip

    def _ref(self, table: str, number: int | None) -> Json | None:
        if number is None:
            return None
        return {"value": str(number), "name": self._names[table][number]}

    def _account(self, number: int | None) -> Json | None:
        return self._ref("accounts", number)
