"""Documents become typed rows: exact amounts, sealed texts, nothing guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingestion.api.shapes import (
    DECIMAL,
    DERIVED,
    EMAIL,
    INSTANT_TEXT,
    INTEGER,
    MINOR_MONEY,
    MONEY_BAG,
    OPAQUE,
    TEXT,
    ContractError,
    DocumentTable,
    Flattener,
    reference,
    snake,
)
from warehouse.database import Warehouse
from warehouse.vault import open_vault

ORDERS = DocumentTable("orders", {
    "id": TEXT.always, "placed_at": INSTANT_TEXT, "total_money": MINOR_MONEY,
    "totalPriceSet": MONEY_BAG, "buyer": {"email": EMAIL, "balance": DERIVED},
    "note": reference(r"#\d+"), "details": OPAQUE, "tags": [TEXT],
    "lines": [{"sku": TEXT, "quantity": DECIMAL.always, "taxes": [{"rate": DECIMAL}],
               "count": INTEGER}],
})  # fmt: skip
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def flattener(warehouse_factory: Callable[..., Warehouse]) -> Flattener:
    return Flattener("Shop", open_vault(warehouse_factory()), NOW)


def rows(
    flattener: Flattener, *documents: dict[str, Any], emptied: frozenset[str] = frozenset()
) -> dict[str, list[dict[str, Any]]]:
    tables = flattener.tables(ORDERS, list(documents), "GET /orders", marks_emptied=emptied)
    return {name: table.to_pylist() for name, table in tables.items()}


def test_minor_units_follow_their_currency(flattener: Flattener) -> None:
    found = rows(
        flattener,
        {"id": "1", "total_money": {"amount": 1234, "currency": "USD"}},
        {"id": "2", "total_money": {"amount": 1234, "currency": "JPY"}},
        {"id": "3", "total_money": {"amount": -1234, "currency": "KWD"}},
        {"id": "4", "total_money": {"amount": 5, "currency_code": "EUR"}},
        {"id": "5"},
    )["orders"]
    assert [row["total_money"] for row in found] == [
        Decimal("12.34"), Decimal("1234"), Decimal("-1.234"), Decimal("0.05"), None,
    ]  # fmt: skip
    assert [row["total_money_currency"] for row in found] == ["USD", "JPY", "KWD", "EUR", None]


def test_amounts_of_the_shop_and_of_the_customer_stand_side_by_side(flattener: Flattener) -> None:
    bag = {"shopMoney": {"amount": "0.10", "currencyCode": "USD"},
           "presentmentMoney": {"amount": "0.09", "currencyCode": "EUR"}}  # fmt: skip
    (row,) = rows(flattener, {"id": "1", "totalPriceSet": bag})["orders"]
    assert (row["total_price"], row["total_price_currency"]) == (Decimal("0.10"), "USD")
    assert (row["total_price_presentment"], row["total_price_presentment_currency"]) == (
        Decimal("0.09"), "EUR",
    )  # fmt: skip


def test_lists_become_tables_with_the_documents_key_and_positions(flattener: Flattener) -> None:
    line = {"sku": "A", "quantity": "1.5", "taxes": [{"rate": 8.875}, {"rate": 0.1}]}
    found = rows(
        flattener, {"id": "1", "lines": [line, {"quantity": 2}], "tags": ["x"]}, {"id": "2"}
    )
    assert [(row["order_id"], row["lines_position"], row["quantity"])
            for row in found["orders__lines"]] == [
        ("1", 0, Decimal("1.5")), ("1", 1, Decimal(2))]  # fmt: skip
    assert [(row["lines_position"], row["taxes_position"], row["rate"])
            for row in found["orders__lines__taxes"]] == [
        (0, 0, Decimal("8.875")), (0, 1, Decimal("0.1"))]  # fmt: skip
    assert [row["value"] for row in found["orders__tags"]] == ["x"]


def test_a_document_that_lost_a_list_says_so(flattener: Flattener) -> None:
    tables = frozenset({"orders__lines", "orders__lines__taxes"})
    found = rows(flattener, {"id": "1", "lines": [{"quantity": 1}]}, {"id": "2"}, emptied=tables)
    gone = {name: [row["order_id"] for row in found[name] if row["_is_emptied"]]
            for name in tables}  # fmt: skip
    assert gone == {"orders__lines": ["2"], "orders__lines__taxes": ["1", "2"]}


def test_personal_values_become_tokens_and_only_a_reference_stays_clear(
    flattener: Flattener,
) -> None:
    found = rows(
        flattener,
        {"id": "1", "buyer": {"email": " Ada@Example.com", "balance": 12}, "note": "Ada's #1001",
         "details": {"card": {"holder": "Ada", "month": 7}}},
        {"id": "2", "buyer": {"email": "ada@example.com"}, "mood": {"of": "Ada", "is": True}},
    )["orders"]  # fmt: skip
    assert found[0]["buyer_email_token"] == found[1]["buyer_email_token"]
    assert found[0]["note_reference"] == "#1001"
    assert '"month": 7' in found[0]["details"]
    assert '"is": true' in found[1]["_unknown_fields"]
    assert flattener.unknown == {"orders.mood": 1}
    assert "ada" not in str(found).lower()


@pytest.mark.parametrize(("document", "words"), [
    ({"id": "1", "lines": [{"quantity": {"a": 1}}]}, "lines.quantity is an object where decimal"),
    ({"id": "1", "lines": [{}]}, "lines.quantity is missing"),
    ({"id": "1", "lines": {"quantity": 1}}, "lines is an object, not a list"),
    ({"id": "1", "lines": ["secret"]}, "lines is a text, not an object"),
    ({"id": 7}, "orders.id is a whole number where text is due"),
    ({"id": "1", "placed_at": "secret"}, "placed_at is a text where instant is due"),
    ({"id": "1", "placed_at": "2026-01-01T10:00:00"}, "placed_at is a text where instant"),
    ({"id": "1", "total_money": {"amount": "12", "currency": "USD"}}, "total_money is not all"),
    ({"lines": []}, "orders.id is missing"),
])  # fmt: skip
def test_what_is_of_another_type_is_refused_in_words_without_its_value(
    flattener: Flattener, document: dict[str, Any], words: str
) -> None:
    with pytest.raises(ContractError) as refused:
        rows(flattener, document)
    assert words in refused.value.message
    assert "Shop's answer to GET /orders" in refused.value.message
    assert "secret" not in str(refused.value)


def test_names_of_fields_become_names_of_columns() -> None:
    assert [snake(name) for name in ("totalPriceSet", "TxnDate", "SKU", "ARAccountRef")] == [
        "total_price_set", "txn_date", "sku", "ar_account_ref",
    ]  # fmt: skip
