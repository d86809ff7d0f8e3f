"""Files of every oddity reach the raw tables exactly, or are refused with a clear message."""

from __future__ import annotations

import gzip
import io
import logging
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from inbox_shop import HEADER, Shop

from ingestion.sources.spreadsheets import loading as loading_module
from ingestion.sources.spreadsheets import propose_mapping
from ingestion.sources.spreadsheets.kinds import KINDS
from ingestion.sources.spreadsheets.templates import FOLDER, template_csv, templates_document
from warehouse.business import load_business
from warehouse.database import open_warehouse
from warehouse.home import PROJECT_ROOT
from warehouse.vault import open_vault

ROWS = "1,1,2024-03-05 14:30:00,A,2,3.50\n1,2,2024-03-05 14:30:00,B,1,10.00\n"
TOTAL = "round(sum(gross_amount), 2)"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16",
                                      "utf-16-le", "utf-16-be"])  # fmt: skip
def test_every_encoding_gives_the_same_names(shop: Shop, encoding: str) -> None:
    text = HEADER.replace("product_id", "product_name") + ROWS.replace(",A,", ",Café Crème,")
    report = shop.load_one("a.csv", text.encode(encoding))
    assert report.status == "loaded", report.to_text()
    assert shop.current("product_name")[0] == ("Café Crème",)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(shop: Shop, delimiter: str) -> None:
    shop.load_one("a.csv", (HEADER + ROWS).replace(",", delimiter))
    assert shop.rows(f"select {TOTAL} from raw_spreadsheets.sales") == [(Decimal("17.00"),)]


def test_german_numbers_and_dates_are_read_per_column(shop: Shop) -> None:
    text = (HEADER + "1;1;13.03.2024 09:05;A;2;1.234,50\n2;1;01.04.2024 10:00;B;1,5;7\n").replace(
        "order_id,line_id,sold_at,product_id,quantity,unit_price_amount",
        "order_id;line_id;sold_at;product_id;quantity;unit_price_amount",
    )
    assert shop.load_one("a.csv", text).rows_new == 2
    assert shop.current("sold_local_at, gross_amount") == [
        (datetime(2024, 3, 13, 9, 5), Decimal("2469.000000")),  # noqa: DTZ001
        (datetime(2024, 4, 1, 10, 0), Decimal("10.500000")),  # noqa: DTZ001
    ]


def test_a_local_time_becomes_utc_in_the_shops_zone(shop: Shop) -> None:
    shop.load_one("a.csv", HEADER + ROWS)
    assert str(shop.current("sold_at at time zone 'UTC'")[0][0]) == "2024-03-05 19:30:00"


def test_title_rows_and_totals_rows_are_skipped_and_counted(shop: Shop) -> None:
    text = "Sales report\nMarch\n\n" + HEADER + ROWS + "Total,,,,3,13.50\n"
    report = shop.load_one("a.csv", text)
    assert (report.rows_new, report.rows_skipped, report.rows_quarantined) == (2, 1, 0)
    assert report.reasons == {"totals row": 1}


def test_ragged_rows_go_to_quarantine_with_their_row_number(shop: Shop) -> None:
    many = "".join(f"{n},1,2024-03-05 14:30:00,A,1,1.00\n" for n in range(10, 20))
    report = shop.load_one("a.csv", HEADER + "1,1,2024-03-05\n" + many)
    assert (report.rows_read, report.rows_new, report.rows_quarantined) == (11, 10, 1)
    assert shop.rows("select row_number, reason from quality.quarantine") == [
        (2, "the row is broken (missing columns)")
    ]
    assert shop.current("_row_number")[0] == (3,)


def test_a_text_in_an_amount_is_quarantined_masked(shop: Shop) -> None:
    many = "".join(f"{n},1,2024-03-05 14:30:00,A,1,1.00\n" for n in range(10, 20))
    report = shop.load_one("a.csv", HEADER + many + "1,1,2024-03-05 14:30:00,A,1,Bob 7\n")
    assert report.reasons == {"unit_price_amount: is no amount": 1}
    row = shop.rows("select file_name, row_number, column_name, raw_value_masked, reason "
                    "from quality.quarantine")  # fmt: skip
    assert row == [("a.csv", 12, "unit_price_amount", "xxx 9", "is no amount")]


def test_a_corrected_file_resolves_its_quarantine(shop: Shop) -> None:
    many = "".join(f"{n},1,2024-03-05 14:30:00,A,1,1.00\n" for n in range(10, 20))
    shop.load_one("a.csv", HEADER + many + "1,1,2024-03-05 14:30:00,A,1,x\n")
    shop.load_one("a.csv", HEADER + many + "1,1,2024-03-05 14:30:00,A,1,5\n")
    assert shop.rows("select count(*) from quality.quarantine where resolved_at is null") == [(0,)]


def test_too_many_bad_rows_fail_the_file_and_load_nothing_of_it(shop: Shop) -> None:
    shop.put("good.csv", HEADER + ROWS)
    report = shop.load_one("bad.csv", HEADER + ROWS.replace("3.50", "x").replace("1,1,", "3,1,"))
    assert report.status == "failed"
    assert "1 of 2 rows are bad, more than 20%" in report.message
    assert "column 'unit_price_amount' is no amount" in report.message
    assert shop.rows("select distinct _file_name from raw_spreadsheets.sales") == [("good.csv",)]


def test_ambiguous_dates_are_refused_with_the_line_to_add(shop: Shop) -> None:
    text = HEADER + "1,1,03/04/2024,A,2,3.50\n"
    report = shop.load_one("a.csv", text)
    assert "column 'sold_at' is ambiguous" in report.message
    assert 'date_order = "dmy"' in report.fix


def test_contradictory_date_orders_are_refused_even_late_in_the_file(shop: Shop) -> None:
    early = "".join(f"{n},1,13/01/2024,A,1,1.00\n" for n in range(20_050))
    report = shop.load_one("a.csv", HEADER + early + "x,1,01/14/2024,A,1,1.00\n")
    assert "mixes day/month and month/day" in report.message


def test_ambiguous_thousands_are_refused_with_the_line_to_add(shop: Shop) -> None:
    report = shop.load_one("a.csv", HEADER + '1,1,2024-03-05,A,1,"1,234"\n')
    assert "column 'unit_price_amount' is ambiguous: 1,234 may be 1234 or 1.234" in report.message
    assert "decimal_mark" in report.fix


def test_a_duplicated_header_is_named_with_its_positions(shop: Shop) -> None:
    shop.put("mapping.toml", '[columns]\norder_id = "Id"\nsold_at = "When"\nproduct_id = "P"\n')
    report = shop.load_one("a.csv", "Id,When,P,P\n1,2024-03-05,A,B\n")
    assert "has the column 'P' twice (positions 3 and 4)" in report.message


def test_a_missing_mapped_column_is_named(shop: Shop) -> None:
    shop.put("mapping.toml", '[columns]\norder_id = "Id"\nsold_at = "When"\nproduct_id = "P"\n')
    report = shop.load_one("a.csv", "Id,Date,P\n1,2024-03-05,A\n")
    assert "has no column 'When', which is mapped to sold_at" in report.message


@pytest.mark.parametrize(("name", "content", "message"), [
    ("a.csv", b"", "a.csv is empty (0 bytes)."),
    ("a.xlsx", b"", "a.xlsx is empty (0 bytes)."),
    ("a.xlsx", b"no workbook", "a.xlsx is no readable workbook."),
    ("a.csv", bytes(range(256)) * 40, "a.csv is no readable text"),
    ("a.pdf", b"%PDF", "a.pdf is of no known format."),
    ("a.csv", HEADER.encode(), "a.csv has no rows."),
])  # fmt: skip
def test_an_unreadable_file_fails_clearly(
    shop: Shop, name: str, content: bytes, message: str
) -> None:
    report = shop.load_one(name, content)
    assert report.status == "failed"
    assert report.message.startswith(message), report.message


def test_a_folder_where_a_file_is_expected_fails_and_others_go_on(shop: Shop) -> None:
    shop.put("b.csv", HEADER + ROWS)
    (shop.warehouse.business.inbox / "sales" / "a.csv").mkdir()
    report = shop.load()
    assert [(file.file_name, file.status) for file in report.files] == [
        ("a.csv", "failed"), ("b.csv", "loaded")]  # fmt: skip
    assert "a.csv is a folder, not a file." in report.to_text()
    assert report.has_failures


def test_a_wrong_declared_delimiter_fails_by_naming_the_column(shop: Shop) -> None:
    shop.put("mapping.toml", '[columns]\norder_id = "order_id"\nsold_at = "sold_at"\n'
             'product_id = "product_id"\n[format]\ndelimiter = ";"\n')  # fmt: skip
    report = shop.load_one("a.csv", HEADER + ROWS)
    assert "has no column 'order_id'" in report.message


def test_a_file_that_changes_while_it_is_read_is_not_loaded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.put("a.csv", HEADER + ROWS)
    original = loading_module.stage

    def slow_stage(*arguments: object, **options: object) -> object:
        staged = original(*arguments, **options)  # type: ignore[arg-type]
        path.write_text(HEADER + ROWS + ROWS)
        return staged

    monkeypatch.setattr(loading_module, "stage", slow_stage)
    report = shop.load().files[0]
    assert report.message == "a.csv changed while it was read; nothing of it was loaded."
    assert shop.rows("select count(*) from raw_spreadsheets.sales") == [(0,)]


def test_the_same_file_again_changes_nothing(shop: Shop) -> None:
    shop.load_one("a.csv", HEADER + ROWS)
    assert shop.load().files[0].status == "unchanged"
    assert shop.rows("select count(*) from raw_spreadsheets.sales") == [(2,)]


def test_an_overlapping_export_adds_only_what_is_new(shop: Shop) -> None:
    shop.load_one("a.csv", HEADER + ROWS)
    report = shop.load_one("b.csv", HEADER + "2,1,2024-03-06 10:00:00,A,1,3.50\n" + ROWS)
    assert (report.rows_new, report.rows_updated, report.rows_unchanged) == (1, 0, 2)


def test_a_correction_supersedes_the_old_version_and_the_totals_follow(shop: Shop) -> None:
    shop.load_one("a.csv", HEADER + ROWS)
    report = shop.load_one("b.csv", HEADER + ROWS.replace("3.50", "4.00"))
    assert (report.rows_new, report.rows_updated, report.rows_unchanged) == (0, 1, 1)
    assert shop.rows("select count(*) from raw_spreadsheets.sales") == [(3,)]
    current = (
        "select sum(gross_amount) from raw_spreadsheets.sales where _superseded_number is null"
    )
    assert shop.rows(current) == [(Decimal("18.000000"),)]
    assert source_totals(shop) == {
        "net_amount": 18, "rows": 2, "tax_amount": 0, "tip_amount": 0, "units": 3}  # fmt: skip


def source_totals(shop: Shop) -> dict[str, Decimal]:
    return dict(shop.rows(
        "select measure, sum(amount) from quality.source_totals group by 1 order by 1"
    ))  # fmt: skip


REVERSALS = (
    "order_id,line_id,sold_at,product_id,quantity,unit_price_amount,discount_amount,tax_amount,"
    "tip_amount,status\n"
    "1,1,2024-03-05,A,3,10,-2,1.5,1,paid\n"
    "1,2,2024-03-05,A,-2,10,1,1,,paid\n"
    "2,1,2024-03-06,B,1,8,,0.4,,void\n"
)
REVERSALS_MAPPING = (
    "[columns]\n"
    + "".join(f'{name} = "{name}"\n' for name in REVERSALS.splitlines()[0].split(","))
    + '[options]\ncancelled_statuses = ["void"]\n'
)


def test_returns_and_cancellations_count_against_the_sources_totals(shop: Shop) -> None:
    shop.put("mapping.toml", REVERSALS_MAPPING)
    shop.load_one("a.csv", REVERSALS)
    assert source_totals(shop) == {
        "rows": 3, "units": 3 - 2 - 1, "net_amount": (30 - 2) - (20 - 1) - 8,
        "tax_amount": Decimal("0.1"), "tip_amount": 1}  # fmt: skip
    by_day = "select sale_date::text, amount from quality.source_totals where measure = 'units'"
    assert sorted(shop.rows(by_day)) == [("2024-03-05", 1), ("2024-03-06", -1)]


def test_superseded_versions_leave_the_sources_totals_exactly(shop: Shop) -> None:
    shop.put("mapping.toml", REVERSALS_MAPPING + 'same_name = "replaces"\n')
    shop.load_one("a.csv", REVERSALS)
    first = source_totals(shop)
    shop.load_one(
        "a.csv", REVERSALS.replace("-2,10,1,1", "-1,12,3,2").replace("2,1,2024", "3,1,2024")
    )
    assert source_totals(shop) == {**first, "units": 1, "net_amount": 28 - 9 - 8,
                                   "tax_amount": Decimal("-0.9")}  # fmt: skip
    shop.load_one("a.csv", REVERSALS)
    assert source_totals(shop) == first


def test_sales_without_order_numbers_have_their_row_key_as_order(shop: Shop) -> None:
    shop.put("mapping.toml", '[columns]\nsold_at = "When"\nproduct_name = "Item"\nline_id = "No"\n')
    text = "No,When,Item\n1,2024-03-05,Tea\n2,2024-03-05,Tea\n"
    assert shop.load_one("a.csv", text + "2,2024-03-05,Tea\n").rows_new == 3
    assert shop.load_one("b.csv", text + "1,2024-04-05,Tea\n").rows_new == 1
    assert shop.rows("select count(distinct order_id), bool_and(order_id = _row_key) "
                     "from raw_spreadsheets.sales") == [(4, True)]  # fmt: skip


def test_exact_duplicate_rows_without_ids_are_real_and_stay_so(shop: Shop) -> None:
    text = "order_id,sold_at,product_name\n1,2024-03-05,Bread\n1,2024-03-05,Bread\n"
    assert shop.load_one("a.csv", text).rows_new == 2
    assert shop.load_one("b.csv", text + "2,2024-03-05,Tea\n").rows_new == 1
    assert shop.current("product_name").count(("Bread",)) == 2


def test_a_repeated_key_goes_to_quarantine(shop: Shop) -> None:
    many = "".join(f"{n},1,2024-03-05 14:30:00,A,1,1.00\n" for n in range(10))
    report = shop.load_one("a.csv", HEADER + many + "5,1,2024-03-05 14:30:00,A,1,9.00\n")
    assert report.rows_quarantined == 1
    assert list(report.reasons) == [
        "line_id: the key order_id + line_id stands in an earlier row already"
    ]


def test_a_tip_repeated_on_each_line_counts_once_per_order(shop: Shop) -> None:
    shop.put("mapping.toml", '[columns]\norder_id = "order_id"\nline_id = "line_id"\n'
             'sold_at = "sold_at"\nproduct_id = "product_id"\n'
             'tip_amount = { column = "Tip", per = "order" }\n')  # fmt: skip
    shop.load_one("a.csv", "order_id,line_id,sold_at,product_id,Tip\n1,1,2024-03-05,A,2.00\n"
                  "1,2,2024-03-05,B,2.00\n2,1,2024-03-05,A,1.00\n")  # fmt: skip
    assert shop.current("tip_amount") == [(2,), (0,), (1,)]


def test_cancellations_and_returns_are_told_apart(shop: Shop) -> None:
    shop.put(
        "mapping.toml",
        '[columns]\norder_id = "order_id"\nline_id = "line_id"\n'
        'sold_at = "sold_at"\nproduct_id = "product_id"\nquantity = "quantity"\n'
        'status = "status"\n[options]\ncancelled_prefix = "C"\ntest_statuses = ["Test"]\n',
    )
    shop.load_one("a.csv", "order_id,line_id,sold_at,product_id,quantity,status\n"
                  "1,1,2024-03-05,A,1,ok\n2,1,2024-03-05,A,-1,ok\nC3,1,2024-03-05,A,-1,ok\n"
                  "4,1,2024-03-05,A,1,TEST\n")  # fmt: skip
    assert shop.current("event_type") == [("sale",), ("return",), ("cancellation",), ("test",)]


def test_personal_data_is_in_no_raw_table_quarantine_or_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    header = (
        "order_id,line_id,sold_at,product_id,unit_price_amount,"
        "customer_email,customer_name,customer_id\n"
    )
    row = "{0},1,2024-03-05,A,{1},Zoe@Planted.example,Zoe Planted,zoe@planted.example\n"
    text = (
        header
        + "".join(row.format(n, "1") for n in range(9))
        + row.format(99, "zoe@planted.example")
    )
    report = shop.load_one("a.csv", text)
    assert report.rows_quarantined == 1
    tables = ["raw_spreadsheets.sales", "quality.quarantine", "quality.load_log"]
    dump = " ".join(str(shop.rows(f"select t::text from {table} t")) for table in tables)
    assert "planted" not in (dump + caplog.text + report.to_text()).lower()
    tokens = shop.current("customer_email_token, customer_id")
    assert tokens[0][0].startswith("email_")
    assert tokens[0][0] == tokens[0][1]


def test_a_workbook_keeps_numbers_dates_and_leading_zeros(shop: Shop) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Report"])
    sheet.append(HEADER.strip().split(","))
    sheet.append([17850.0, 1, datetime(2024, 3, 5, 14, 30), "00042", 2, 1.234])  # noqa: DTZ001
    out = io.BytesIO()
    book.save(out)
    report = shop.load_one("a.xlsx", out.getvalue())
    assert report.status == "loaded", report.to_text()
    assert shop.current("order_id, product_id, unit_price_amount, _row_number") == [
        ("17850", "00042", Decimal("1.234000"), 3)]  # fmt: skip


def test_several_sheets_need_a_choice(shop: Shop) -> None:
    book = openpyxl.Workbook()
    for name in ("January", "February"):
        sheet = book.create_sheet(name)
        sheet.append(HEADER.strip().split(","))
        sheet.append([1, 1, "2024-03-05", "A", 2, 3])
    out = io.BytesIO()
    book.save(out)
    report = shop.load_one("a.xlsx", out.getvalue())
    assert "several sheets with rows: 'January', 'February'" in report.message
    assert 'sheet = "January"' in report.fix


def test_a_file_without_header_is_mapped_by_position(shop: Shop) -> None:
    shop.put(
        "mapping.toml",
        '[columns]\norder_id = "#1"\nline_id = "#2"\nsold_at = "#3"\n'
        'product_id = "#4"\nquantity = "#5"\nunit_price_amount = "#6"\n[format]\nheader = "none"\n',
    )
    assert shop.load_one("a.csv", ROWS).rows_new == 2
    assert shop.rows("select sum(gross_amount) from raw_spreadsheets.sales") == [(17,)]


def test_quoted_newlines_and_gzip_are_read(shop: Shop) -> None:
    text = HEADER.replace("product_id", "product_name") + ROWS.replace(",A,", ',"two\nlines",')
    shop.load_one("a.csv.gz", gzip.compress(text.encode()))
    assert shop.current("product_name, _row_number") == [("two\nlines", 2), ("B", 3)]


def test_unmapped_columns_are_named_and_kept_only_when_asked(shop: Shop) -> None:
    shop.put("mapping.toml", '[columns]\norder_id = "order_id"\nsold_at = "sold_at"\n'
             'product_id = "product_id"\n[options]\nkeep = ["Region"]\n')  # fmt: skip
    report = shop.load_one(
        "a.csv", "order_id,sold_at,product_id,Region,Secret\n1,2024-03-05,A,N,x\n"
    )
    assert report.notes == ["Columns not loaded: 'Secret'."]
    assert shop.current("extra") == [('{"Region":"N"}',)]


def test_rows_without_a_join_partner_are_quarantined(shop: Shop) -> None:
    shop.put("mapping.toml", '[columns]\norder_id = "lines.order"\nline_id = "lines.n"\n'
             'sale_date = "orders.date"\nproduct_id = "lines.sku"\n[files.lines]\n'
             'pattern = "lines*.csv"\n[files.orders]\npattern = "orders*.csv"\n[[joins]]\n'
             'left = "lines.order"\nright = "orders.id"\n')  # fmt: skip
    shop.put("orders.csv", "id,date\n" + "".join(f"{n},2024-03-05\n" for n in range(9)))
    report = shop.load_one("lines.csv", "order,n,sku\n" + "".join(f"{n},1,A\n" for n in range(10)))
    assert (report.rows_new, report.rows_quarantined) == (9, 1)
    assert "has no partner in orders" in next(iter(report.reasons))


def test_all_kinds_have_their_table_even_without_files(shop: Shop) -> None:
    shop.load()
    tables = shop.rows(
        "select table_name from information_schema.tables where table_schema = 'raw_spreadsheets'"
    )
    assert {name for (name,) in tables} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
def test_every_template_loads_as_it_is(shop: Shop, kind: str) -> None:
    report = shop.load_one("template.csv", template_csv(KINDS[kind]), kind)
    assert (report.status, report.rows_new) == ("loaded", 1), report.to_text()


def test_templates_and_their_document_are_current() -> None:
    assert (PROJECT_ROOT / "docs" / "templates.md").read_text() == templates_document()
    for kind in KINDS.values():
        assert (FOLDER / f"{kind.name}.csv").read_text() == template_csv(kind)


def test_a_superstore_like_export_is_mapped_and_sums_to_its_own_sales(shop: Shop) -> None:
    lines = "".join(f'{n},"CA-{n // 2}",2016-11-{n % 28 + 1:02},"CG-{n % 7}","Ann Lee",0{n:04},'
                    f'"SKU-{n % 9}","Chairs, Rounded",{n}.{n % 97:04},{n % 5 + 1},0.2\n'
                    for n in range(1, 500))  # fmt: skip
    path = shop.put("x.csv", "Row ID,Order ID,Order Date,Customer ID,Customer Name,Postal Code,"
                    "Product ID,Product Name,Sales,Quantity,Discount\n" + lines, "x")  # fmt: skip
    proposal = propose_mapping(path)
    assert proposal.kind == "sales"
    assert proposal.problems == []
    assert "Lee" not in str(proposal.sample_rows)
    proposal.save(shop.warehouse.business.inbox)
    report = shop.load_one("sales.csv", path.read_text())
    assert report.rows_new == 499, report.to_text()
    expected = sum(Decimal(f"{n}.{n % 97:04}") for n in range(1, 500))
    assert shop.rows("select sum(line_amount) from raw_spreadsheets.sales") == [(expected,)]


def test_the_pizza_sample_loads_to_the_cent(shop: Shop) -> None:
    sample = PROJECT_ROOT / "sandbox" / "samples" / "pizza"
    business = load_business(sample)
    warehouse = open_warehouse(business)
    report = loading_module.load_inbox(business, warehouse, open_vault(warehouse))
    assert not report.has_failures, report.to_text()
    with warehouse.connect("loader") as connection:
        row = connection.execute(
            "select count(*), count(distinct order_id), sum(quantity), sum(gross_amount), "
            "bool_or(extra like '%‘Nduja%') from raw_spreadsheets.sales"
        ).fetchone()
    assert row == (48_620, 21_350, 49_574, Decimal("817860.050000"), True)


def test_a_killed_load_leaves_nothing_and_the_next_one_completes(
    shop: Shop, tmp_path: Path
) -> None:
    lines = "".join(f"{n},1,2024-03-05 14:30:00,A,1,1.00\n" for n in range(200_000))
    shop.put("a.csv", HEADER + lines)
    shop.load(kinds=["products"])
    command = [sys.executable, "-m", "ingestion.sources.spreadsheets", "--business",
               str(shop.warehouse.business.folder)]  # fmt: skip
    child = subprocess.Popen(command, cwd=PROJECT_ROOT, env=dict(os.environ))
    busy = "select 1 from pg_stat_activity where query ilike 'copy %%sales%%' and state = 'active'"
    deadline = time.monotonic() + 30
    while not shop.rows(busy) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    shop.load()
    assert shop.rows("select count(*), count(distinct _row_key) from raw_spreadsheets.sales") == [
        (200_000, 200_000)]  # fmt: skip
    assert shop.rows("select count(*) from quality.load_log where status = 'loaded'") == [(1,)]
