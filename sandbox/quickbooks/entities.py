"""What can be asked for: each entity's rows in the books, and its fields that queries may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "date", "moment", "number", "flag"]
Fields = dict[str, tuple[str, Kind]]


@dataclass(frozen=True)
class Entity:
    """One entity of the API.

    Attributes:
        key: the name of its objects in answers.
        relation: SQL of its visible rows.
        order: the column that rows stand in the order of.
        fields: by name in lower case, the SQL of a field and its kind.
        is_document: whether it is a transaction (and may be deleted).
        has_active: whether inactive rows are left out unless asked for.
        in_changes: whether change data capture knows it.
    """

    name: str
    key: str
    relation: str
    fields: Fields
    order: str = "id"
    is_document: bool = False
    has_active: bool = True
    in_changes: bool = True


TIMES: Fields = {
    "metadata.createtime": ("created_at", "moment"),
    "metadata.lastupdatedtime": ("updated_at", "moment"),
}
DOCUMENT_FIELDS: Fields = {
    "id": ("document_id", "id"), "synctoken": ("sync_token", "number"),
    "docnumber": ("doc_number", "text"), "txndate": ("txn_date", "date"),
    "privatenote": ("private_note", "text"), "currencyref": ("currency", "text"),
    "totalamt": ("total_cents / 100", "number"), **TIMES,
}  # fmt: skip
SALE: Fields = {"customerref": ("customer_id", "id"), "duedate": ("due_date", "date"),
                "balance": ("balance_cents / 100", "number")}  # fmt: skip
COST: Fields = {"vendorref": ("vendor_id", "id"), "duedate": ("due_date", "date"),
                "balance": ("balance_cents / 100", "number")}  # fmt: skip
AMOUNT: Fields = {"amount": ("total_cents / 100", "number")}
DOCUMENTS: dict[str, Fields] = {
    "Invoice": SALE, "SalesReceipt": SALE, "CreditMemo": SALE, "RefundReceipt": SALE,
    "Payment": SALE, "Bill": COST, "VendorCredit": COST, "BillPayment": COST,
    "Purchase": {"entityref": ("vendor_id", "id"), "paymenttype": ("pay_type", "text"),
                 "accountref": ("account_id", "id")},
    "Deposit": {"deposittoaccountref": ("account_id", "id")}, "Transfer": AMOUNT,
    "CreditCardPayment": AMOUNT, "JournalEntry": {},
}  # fmt: skip
LIST_FIELDS: Fields = {"id": ("id", "id"), "name": ("name", "text"),
                       "fullyqualifiedname": ("name", "text"),
                       "active": ("is_active", "flag"), **TIMES}  # fmt: skip
PEOPLE: Fields = {"displayname": ("name", "text"), "givenname": ("given_name", "text"),
                  "familyname": ("family_name", "text")}  # fmt: skip
LISTS: dict[str, tuple[str, Fields]] = {
    "Account": ("accounts", {
        "accounttype": ("type", "text"), "accountsubtype": ("subtype", "text"),
        "classification": ("classification", "text"), "currencyref": ("currency", "text"),
        "subaccount": ("parent_id is not null", "flag")}),
    "Class": ("classes", {}),
    "Department": ("departments", {}),
    "Item": ("items", {"type": ("type", "text"), "sku": ("sku", "text"),
                       "unitprice": ("price_cents / 100", "number")}),
    "Customer": ("customers", {**PEOPLE, "primaryemailaddr": ("email", "text"),
                               "companyname": ("company", "text"),
                               "currencyref": ("currency", "text")}),
    "Vendor": ("vendors", {"displayname": ("name", "text"), "currencyref": ("currency", "text")}),
    "Employee": ("employees", PEOPLE),
    "Term": ("terms", {}),
    "PaymentMethod": ("payment_methods", {"type": ("type", "text")}),
    "TaxAgency": ("tax_agencies", {"displayname": ("name", "text")}),
    "TaxRate": ("tax_rates", {}),
    "TaxCode": ("tax_codes", {"id": ("id", "text")}),
    "CompanyCurrency": ("currencies", {"code": ("code", "text")}),
}  # fmt: skip
# As documented: change data capture does not cover these.
WITHOUT_CHANGES = {"TaxAgency", "TaxRate", "TaxCode"}


def _document(name: str, own: Fields) -> Entity:
    return Entity(
        name, "CreditCardPaymentTxn" if name == "CreditCardPayment" else name,
        f"(select c.*, u.name as customer_name, u.email, u.city, u.region, u.country "
        f"from quickbooks_current c left join quickbooks_customers u on u.id = c.customer_id "
        f"where c.kind = '{name}')",
        {**DOCUMENT_FIELDS, **own}, "document_id", is_document=True, has_active=False,
    )  # fmt: skip


def _list(name: str, table: str, own: Fields) -> Entity:
    return Entity(name, name, f"(select * from quickbooks_seen_{table})", {**LIST_FIELDS, **own},
                  in_changes=name not in WITHOUT_CHANGES)  # fmt: skip


ENTITIES: dict[str, Entity] = {
    **{name.lower(): _document(name, own) for name, own in DOCUMENTS.items()},
    **{name.lower(): _list(name, table, own) for name, (table, own) in LISTS.items()},
}
ENTITIES["creditcardpaymenttxn"] = ENTITIES["creditcardpayment"]
