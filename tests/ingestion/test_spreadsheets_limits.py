"""Formats, row numbers, privacy and failures at the edges of the spreadsheets source."""

from __future__ import annotations

import errno
import os
import time
import zipfile
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import duckdb
import openpyxl
import psycopg
import pytest
from inbox_shop import HEADER, Shop

from ingestion.sources.spreadsheets import loading as loading_module
from ingestion.sources.spreadsheets.loading import explain

ROWS = "1,1,2024-03-05 14:30:00,A,2,3.50\n1,2,2024-03-05 14:30:00,B,1,10.00\n"
MAPPING = '[columns]\norder_id = "order_id"\nsold_at = "sold_at"\nproduct_id = "product_id"\n'
COUNT = "select count(*) from raw_spreadsheets.sales"


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def ods(rows: list[list[str]]) -> bytes:
    """The smallest OpenDocument sheet: numbers typed, all else text."""

    def cell(text: str) -> str:
        shown = f"<text:p>{text}</text:p>"
        if text.replace(".", "", 1).isdigit() and not text.startswith("0"):
            kind = f'office:value-type="float" office:value="{text}"'
            return f"<table:table-cell {kind}>{shown}</table:table-cell>"
        return f'<table:table-cell office:value-type="string">{shown}</table:table-cell>'

    body = "".join(
        f"<table:table-row>{''.join(cell(text) for text in row)}</table:table-row>" for row in rows
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="Sales">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest '
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return out.getvalue()


def test_an_ods_sheet_keeps_numbers_and_leading_zeros(shop: Shop) -> None:
    rows = [HEADER.strip().split(","), ["17", "1", "2024-03-05 14:30:00", "00042", "2", "1.234"]]
    report = shop.load_one("a.ods", ods(rows))
    assert report.status == "loaded", report.to_text()
    assert shop.current("order_id, product_id, unit_price_amount, _row_number") == [
        ("17", "00042", Decimal("1.234000"), 2)
    ]


def test_a_header_of_two_rows_is_merged(shop: Shop) -> None:
    shop.put(
        "mapping.toml",
        '[columns]\norder_id = "Order Id"\nsold_at = "Order When"\n'
        'product_id = "Product Sku"\nquantity = "Product Qty"\n[format]\nheader_rows = 2\n',
    )
    rows: list[list[object]] = [["Order", None, "Product", None], ["Id", "When", "Sku", "Qty"],
                                ["7", datetime(2024, 3, 5, 9), "A", 3]]  # fmt: skip # noqa: DTZ001
    assert shop.load_one("a.xlsx", workbook(rows)).rows_new == 1
    shop.load_one("b.csv", "Order,,Product,\nId,When,Sku,Qty\n8,2024-03-06,B,2\n")
    assert shop.rows("select order_id, product_id, quantity, _row_number "
                     "from raw_spreadsheets.sales order by 1") == [
        ("7", "A", 3, 3), ("8", "B", 2, 3)]  # fmt: skip


def test_rows_have_the_numbers_a_spreadsheet_program_shows(shop: Shop) -> None:
    many = "".join(f"{n},1,2024-03-05,A,1,1.00\n" for n in range(10, 20))
    text = (
        "Report\n\n" + HEADER + '1,1,2024-03-05,"two\nlines",1,1\n\n\n2,1,2024-03-05,A,1,1\n'
        "   \n3,1,2024-03-05,A,1,1\n4,1\n5,1,2024-03-05,A,1,x\n" + many + "\n\n"
    )
    report = shop.load_one("a.csv", text)
    assert (report.rows_new, report.rows_quarantined, report.rows_skipped) == (13, 2, 1)
    assert shop.current("order_id, _row_number")[:4] == [("1", 4), ("2", 7), ("3", 9), ("10", 12)]
    bad = shop.rows("select row_number, column_name from quality.quarantine order by 1")
    assert bad == [(10, None), (11, "unit_price_amount")]


@pytest.mark.parametrize("text", ["Total,,,,3,13.50\n", ",,,,,\n"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_of_only_totals_or_blank_rows_adds_nothing(
    shop: Shop, text: str, is_first: bool
) -> None:
    if not is_first:
        shop.load_one("a.csv", HEADER + ROWS)
    report = shop.load_one("b.csv", HEADER + text)
    assert (report.status, report.rows_new, report.rows_skipped) == ("loaded", 0, 1), report
    assert shop.rows(COUNT) == [(0 if is_first else 2,)]


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    header = HEADER.strip() + ",customer_email\n"
    shop.put("a.csv", header + "1,1,2024-03-05,A,1,1,ann@planted.example\n")
    report = shop.load(dry_run=True).files[0]
    assert (report.status, report.rows_read) == ("loaded", 1)
    assert shop.rows("select count(*) from information_schema.tables "
                     "where table_schema = 'raw_spreadsheets'") == [(0,)]  # fmt: skip
    for table in ("quality.load_log", "quality.source_totals", "quality.quarantine"):
        assert shop.rows(f"select count(*) from {table}") == [(0,)]
    assert shop.rows("select count(token) from vault.personal_values") == [(0,)]


@pytest.mark.parametrize("value", ["call ann@planted.example", "+1 212 555 0142", "(212) 555-0142"])
def test_a_kept_column_with_contacts_is_refused_without_showing_them(
    shop: Shop, value: str
) -> None:
    shop.put("mapping.toml", MAPPING + '[options]\nkeep = ["Remark"]\n')
    rows = "".join(f"{n},2024-03-05,A,fine\n" for n in range(9))
    text = "order_id,sold_at,product_id,Remark\n" + rows + f"9,2024-03-05,A,{value}\n"
    report = shop.load_one("a.csv", text)
    assert report.status == "failed"
    assert "column 'Remark' of keep = [...] holds e-mails or phones (row 11)" in report.message
    assert value not in report.to_text()
    assert "customer_email" in report.fix
    assert shop.rows(COUNT) == [(0,)]


def test_only_those_customer_ids_that_are_contacts_become_tokens(shop: Shop) -> None:
    text = HEADER.strip() + ",customer_id\n"
    ids = ["C-17", "Zoe@Planted.example", "+1 212 555 0142", "zoe@planted.example ", ""]
    text += "".join(f"{n},1,2024-03-05,A,1,1,{name}\n" for n, name in enumerate(ids))
    report = shop.load_one("a.csv", text)
    stored = [row[0] for row in shop.current("customer_id")]
    assert (stored[0], stored[4]) == ("C-17", None)
    assert stored[1] == stored[3] == shop.vault.token("email", "zoe@planted.example")
    assert stored[2] == shop.vault.token("phone", "+12125550142")
    assert "3 values of customer_id are e-mails or phones" in report.to_text()


@pytest.mark.parametrize(("error", "cause"), [
    (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
    (duckdb.IOException("Could not write file: No space left on device"), "the disk is full"),
    (psycopg.errors.DiskFull("could not extend file"), "the disk is full"),
    (psycopg.errors.UndefinedColumn('column "Secret Ann" is missing'), "PostgreSQL code 42703"),
    (duckdb.ConversionException("Could not convert 'Secret Ann'"), "conversion error"),
    (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    (duckdb.OutOfMemoryException("failed to allocate"), "the memory does not suffice"),
])  # fmt: skip
def test_the_cause_of_a_failure_is_told_without_values(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: Exception, cause: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(loading_module, "stage", fail)
    report = shop.load_one("a.csv", HEADER + ROWS)
    assert report.status == "failed"
    assert cause in report.message
    assert "Ann" not in report.to_text()
    assert report.fix
    assert shop.rows("select status, message from quality.load_log") == [("failed", report.message)]
    assert explain("a.csv", error).message == report.message


def test_an_untouched_file_is_not_read_again_but_a_written_one_is(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.put("a.csv", HEADER + ROWS)
    monkeypatch.setattr("ingestion.sources.spreadsheets.files.SETTLED_NS", -1)
    shop.load()
    read: list[Path] = []
    original = loading_module.fingerprint
    monkeypatch.setattr(loading_module, "fingerprint", lambda p: (read.append(p), original(p))[1])
    assert shop.load().files[0].status == "unchanged"
    assert read == []
    stat = path.stat()
    time.sleep(0.02)
    path.write_text((HEADER + ROWS).replace("3.50", "4.50"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    report = shop.load().files[0]
    assert read == [path]
    assert (report.status, report.rows_updated) == ("loaded", 1)


def test_ignored_items_are_no_option_any_more(shop: Shop) -> None:
    shop.put("mapping.toml", MAPPING + '[options]\nignore_items = ["Tip"]\n')
    shop.put("a.csv", HEADER + ROWS)
    assert "knows no 'ignore_items'" in shop.load().files[0].message
