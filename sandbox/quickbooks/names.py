"""List entities as JSON objects: accounts, items, customers, vendors, taxes, the company itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.quickbooks.books import Books
from sandbox.quickbooks.chart import BUNDLES, CURRENCIES, FIRST_BUNDLE, HOME, Account
from sandbox.quickbooks.documents import Json, money, stamp, without_nulls
from sandbox.quickbooks.lists import OPENING_STOCK

EARNING_TYPES = ("Income", "Other Income", "Expense", "Other Expense", "Cost of Goods Sold")


def currency(code: str) -> Json:
    """The reference to a currency."""
    return {"value": code, "name": CURRENCIES[code]}


class Names:
    """Makes objects of the lists' rows."""

    def __init__(self, books: Books) -> None:
        """Lists of the books of one company."""
        self._books = books
        self._makers: dict[str, Callable[[list[Json]], list[Json]]] = {
            "Account": self._accounts, "Item": self._items, "Customer": self._customers,
            "Vendor": self._vendors,
            "Class": lambda rows: [self._named(row, SubClass=False) for row in rows],
            "Department": lambda rows: [self._named(row, SubDepartment=False) for row in rows],
            "Employee": lambda rows: [self._employee(row) for row in rows],
            "Term": lambda rows: [self._plain(row, Type="STANDARD", DueDays=row["due_days"],
                                              DiscountDays=0) for row in rows],
            "PaymentMethod": lambda rows: [self._plain(row, Type=row["type"]) for row in rows],
            "TaxAgency": lambda rows: [self._agency(row) for row in rows],
            "TaxRate": lambda rows: [self._rate(row) for row in rows],
            "TaxCode": lambda rows: [self._code(row) for row in rows],
            "CompanyCurrency": lambda rows: [self._plain(row, Code=row["code"]) for row in rows],
        }  # fmt: skip

    def documents(self, entity: str, rows: list[Json]) -> list[Json]:
        """Objects of an entity's rows, in their order."""
        return self._makers[entity](rows) if rows else []

    def _base(self, row: Json) -> Json:
        return {
            "domain": "QBO", "sparse": False, "Id": str(row["id"]), "SyncToken":
            "0" if row["created_at"] == row["updated_at"] else "1",
            "MetaData": {"CreateTime": stamp(row["created_at"]),
                         "LastUpdatedTime": stamp(row["updated_at"])},
        }  # fmt: skip

    def _plain(self, row: Json, **own: Any) -> Json:
        return without_nulls({"Name": row["name"], "Active": row["is_active"], **own,
                              **self._base(row)})  # fmt: skip

    def _named(self, row: Json, **own: Any) -> Json:
        return self._plain(row, FullyQualifiedName=row["name"], **own)

    def _accounts(self, rows: list[Json]) -> list[Json]:
        names = {row["id"]: row["name"] for row in self._books.rows(
            "select id, name from quickbooks_accounts")}  # fmt: skip
        balances = {row["account_id"]: row["cents"] for row in self._books.rows(
            "select account_id, sum(debit_cents - credit_cents)::bigint as cents "
            "from quickbooks_postings where known_from <= $now "
            "and (known_until is null or known_until > $now) group by account_id",
            {"now": self._books.now})}  # fmt: skip
        return [self._account(row, names, balances) for row in rows]

    def _account(self, row: Json, names: dict[int, str], balances: dict[int, int]) -> Json:
        parent = row["parent_id"]
        balance = 0 if row["type"] in EARNING_TYPES else balances.get(row["id"], 0)
        return self._plain(
            row, SubAccount=parent is not None,
            ParentRef={"value": str(parent)} if parent else None,
            FullyQualifiedName=f"{names[parent]}:{row['name']}" if parent else row["name"],
            Classification=row["classification"], AccountType=row["type"],
            AccountSubType=row["subtype"], CurrentBalance=money(balance),
            CurrentBalanceWithSubAccounts=money(balance), CurrencyRef=currency(row["currency"]),
        )  # fmt: skip

    def _items(self, rows: list[Json]) -> list[Json]:
        stock = {row["item_id"]: row["quantity"] for row in self._books.rows(
            "select item_id, sum(case c.kind when 'Bill' then quantity when 'CreditMemo' then "
            "quantity when 'RefundReceipt' then quantity else -quantity end)::bigint as quantity "
            "from quickbooks_lines l join quickbooks_current c using (document_id, body) "
            "where not c.is_void and not c.is_deleted and item_id >= 1000 group by item_id"
        )}  # fmt: skip
        parts: dict[int, list[Json]] = {}
        for row in self._books.rows(
            "select b.*, g.name from quickbooks_bundles b join quickbooks_goods g "
            "using (variant_id) order by bundle_id, part"
        ):
            parts.setdefault(row["bundle_id"], []).append(row)
        accounts = {row["id"]: row["name"] for row in self._books.rows(
            "select id, name from quickbooks_accounts")}  # fmt: skip
        return [self._item(row, stock, parts, accounts) for row in rows]

    def _item(self, row: Json, stock: dict[int, int], parts: dict[int, list[Json]],
              accounts: dict[int, str]) -> Json:  # fmt: skip
        def account(number: int | None) -> Json | None:
            return None if number is None else {"value": str(number), "name": accounts[number]}

        kind, price, cost = row["type"], row["price_cents"], row["cost_cents"]
        document = self._named(
            row, Sku=row["sku"], Type=kind, Taxable=kind in ("Inventory", "NonInventory"),
            UnitPrice=money(price) if price is not None else 0,
            IncomeAccountRef=account(row["income_account_id"]), SubItem=False,
            PurchaseCost=money(cost) if cost is not None else 0, TrackQtyOnHand=False,
        )  # fmt: skip
        if kind == "Inventory":
            document |= {
                "TrackQtyOnHand": True, "QtyOnHand": OPENING_STOCK + stock.get(row["id"], 0),
                "AssetAccountRef": account(Account.INVENTORY),
                "ExpenseAccountRef": account(Account.GOODS_SOLD),
                "InvStartDate": row["created_at"].date().isoformat(),
            }  # fmt: skip
        if kind == "NonInventory":
            document["ExpenseAccountRef"] = account(Account.INGREDIENTS)
        if kind == "Group" and FIRST_BUNDLE < row["id"] <= FIRST_BUNDLE + len(BUNDLES):
            document["ItemGroupDetail"] = {"ItemGroupLine": [
                {"ItemRef": {"value": str(1000 + part["variant_id"]), "name": part["name"]},
                 "Qty": part["quantity"]} for part in parts.get(row["id"], [])
            ]}  # fmt: skip
        return document

    def _customers(self, rows: list[Json]) -> list[Json]:
        ids = [row["id"] for row in rows]
        balances = {row["customer_id"]: row["cents"] for row in self._books.rows(
            "select customer_id, sum(case kind when 'Invoice' then balance_cents "
            "else -balance_cents end)::bigint as cents from quickbooks_current "
            f"where kind in ('Invoice', 'CreditMemo') and not is_deleted and customer_id in "
            f"(select unnest({ids!r})) group by customer_id")}  # fmt: skip
        return [self._customer(row, balances.get(row["id"], 0)) for row in rows]

    def _customer(self, row: Json, balance: int) -> Json:
        address = without_nulls({"City": row["city"], "Country": row["country"],
                                 "CountrySubDivisionCode": row["region"] or None})  # fmt: skip
        return without_nulls({
            "Taxable": row["is_taxable"], "Job": False, "BillWithParent": False,
            "BillAddr": address or None,
            "Balance": money(balance), "BalanceWithJobs": money(balance),
            "CurrencyRef": currency(row["currency"]), "PreferredDeliveryMethod": "Print",
            "SalesTermRef": {"value": str(row["term_id"])} if row["term_id"] else None,
            "GivenName": row["given_name"], "FamilyName": row["family_name"],
            "FullyQualifiedName": row["name"], "CompanyName": row["company"],
            "DisplayName": row["name"], "PrintOnCheckName": row["name"],
            "Active": row["is_active"],
            "PrimaryPhone": {"FreeFormNumber": row["phone"]} if row["phone"] else None,
            "PrimaryEmailAddr": {"Address": row["email"]} if row["email"] else None,
            **self._base(row),
        })  # fmt: skip

    def _vendors(self, rows: list[Json]) -> list[Json]:
        balances = {row["vendor_id"]: row["cents"] for row in self._books.rows(
            "select vendor_id, sum(case kind when 'Bill' then balance_cents "
            "else -balance_cents end)::bigint as cents from quickbooks_current "
            "where kind in ('Bill', 'VendorCredit') and not is_deleted "
            "group by vendor_id")}  # fmt: skip
        return [
            {"Balance": money(balances.get(row["id"], 0)), "Vendor1099": False,
             "CurrencyRef": currency(row["currency"]), "CompanyName": row["name"],
             "DisplayName": row["name"], "PrintOnCheckName": row["name"],
             "Active": row["is_active"], **self._base(row)}
            for row in rows
        ]  # fmt: skip

    def _employee(self, row: Json) -> Json:
        released = row["released_at"]
        left = {"ReleasedDate": released.date().isoformat()} if released else {}
        return {"GivenName": row["given_name"], "FamilyName": row["family_name"],
                "DisplayName": row["name"], "PrintOnCheckName": row["name"],
                "Active": row["is_active"], "BillableTime": False,
                "HiredDate": row["hired_at"].date().isoformat(), **left,
                **self._base(row)}  # fmt: skip

    def _agency(self, row: Json) -> Json:
        return {"DisplayName": row["name"], "TaxTrackedOnSales": True,
                "TaxTrackedOnPurchases": False, **self._base(row)}  # fmt: skip

    def _rate(self, row: Json) -> Json:
        return self._plain(row, Description=row["name"], RateValue=row["rate_ppm"] / 10_000,
                           AgencyRef={"value": str(row["agency_id"])}, SpecialTaxType="NONE",
                           DisplayType="ReadOnly")  # fmt: skip

    def _code(self, row: Json) -> Json:
        rates = [] if row["rate_id"] is None else [
            {"TaxRateRef": {"value": str(row["rate_id"]), "name": row["name"]},
             "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}
        ]  # fmt: skip
        return self._plain(
            row, Description=row["name"], Hidden=False, Taxable=row["id"] != "NON",
            TaxGroup=row["rate_id"] is not None, SalesTaxRateList={"TaxRateDetail": rates},
            PurchaseTaxRateList={"TaxRateDetail": []},
        )  # fmt: skip

    # --- the company itself ---------------------------------------------------------------

    def company(self) -> Json:
        """CompanyInfo."""
        (begin,) = self._books.rows("select begun_at from quickbooks_begin")
        begun = stamp(begin["begun_at"])
        name = self._books.settings["name"]
        address = {
            "Id": "1", "Line1": "12 Harbour Street", "City": "New York",
            "CountrySubDivisionCode": "NY", "PostalCode": "10004", "Country": "US",
        }  # fmt: skip
        return {
            "CompanyName": name, "LegalName": f"{name} LLC", "CompanyAddr": address,
            "CustomerCommunicationAddr": address, "LegalAddr": address,
            "PrimaryPhone": {"FreeFormNumber": "(212) 555-0100"},
            "CompanyStartDate": begun[:10], "FiscalYearStartMonth": "January", "Country": "US",
            "Email": {"Address": "books@example.com"}, "WebAddr": {},
            "SupportedLanguages": "en", "DefaultTimeZone": "America/Los_Angeles",
            "NameValue": [{"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
                          {"Name": "CompanyType", "Value": "Other"}],
            "domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "4",
            "MetaData": {"CreateTime": begun, "LastUpdatedTime": begun},
        }  # fmt: skip

    def preferences(self) -> Json:
        """Preferences."""
        (begin,) = self._books.rows("select begun_at from quickbooks_begin")
        begun = stamp(begin["begun_at"])
        return {
            "AccountingInfoPrefs": {
                "UseAccountNumbers": False, "TrackDepartments": True,
                "DepartmentTerminology": "Location", "ClassTrackingPerTxnLine": True,
                "ClassTrackingPerTxn": False, "FirstMonthOfFiscalYear": "January",
                "TaxYearMonth": "January", "CustomerTerminology": "Customers"},
            "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True,
                                        "QuantityWithPriceAndRate": True, "QuantityOnHand": True},
            "SalesFormsPrefs": {"AllowDiscount": True, "AllowShipping": True,
                                "AllowDeposit": False, "DefaultTerms": {"value": "3"}},
            "VendorAndPurchasesPrefs": {"TrackingByCustomer": False, "BillableExpenseTracking":
                                        False},
            "TaxPrefs": {"UsingSalesTax": True, "TaxGroupCodeRef": {"value": "1"}},
            "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": HOME}},
            "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
            "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultCustomerMessage",
                                          "Value": "Thank you for your business"}]},
            "domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "2",
            "MetaData": {"CreateTime": begun, "LastUpdatedTime": begun},
        }  # fmt: skip
