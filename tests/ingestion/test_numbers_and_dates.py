"""Numbers and dates are read exactly, or not at all."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sources.spreadsheets import dates, numbers
from ingestion.sources.spreadsheets.plans import id_sql

DATABASE = duckdb.connect()
DATABASE.execute("set TimeZone = 'UTC'")


def in_sql(expression: str, value: str) -> object:
    return DATABASE.execute(
        f"select {expression} from (select ?::varchar as x)", [value]
    ).fetchall()[0][0]


@pytest.mark.parametrize(("text", "expected"), [
    ("1.234,56", "1234.56"), ("1 234,56", "1234.56"), ("1\u00a0234,56", "1234.56"),
    ("1\u202f234,56", "1234.56"), ("1'234.56", "1234.56"), ("(123.50)", "-123.50"),
    ("123.50-", "-123.50"), ("$1,234.50", "1234.50"), ("5,00 €", "5"), ("20%", "0.2"),
    ("-$5.25", "-5.25"), ("CHF 1'000.05", "1000.05"), ("1,23,456.00", "123456"),
])  # fmt: skip
def test_a_number_is_read_by_its_own_marks(text: str, expected: str) -> None:
    fmt = numbers.decide_number_format([text])
    assert fmt is not None
    assert numbers.parse_number(text, fmt) == Decimal(expected)
    assert in_sql(numbers.number_sql("x", fmt), text) == Decimal(expected)


@pytest.mark.parametrize("text", ["twelve", "1.2.3", "12 34", "1e5", "12abc", "--5", "", "1_000"])
def test_a_text_is_no_number(text: str) -> None:
    for fmt in (numbers.NumberFormat(".", ",", True), numbers.NumberFormat(".", ",")):
        assert in_sql(numbers.number_sql("x", fmt), text) is None


def test_a_column_of_only_three_digits_after_its_mark_is_undecidable() -> None:
    assert numbers.decide_number_format(["1,234", "2,500"]) is None
    decided = numbers.decide_number_format(["1,234"], ",")
    assert decided is not None
    assert numbers.parse_number("1,234", decided) == Decimal("1.234")


def test_a_column_with_both_decimal_marks_is_refused() -> None:
    with pytest.raises(numbers.AmbiguousFormatError):
        numbers.decide_number_format(["1.5", "2,5"])


@settings(max_examples=150, deadline=None)
@given(cents=st.integers(-(10**10), 10**10), style=st.sampled_from([".,", ",.", ", ", ".'"]))
def test_every_amount_survives_being_written_in_any_style(cents: int, style: str) -> None:
    amount = Decimal(cents) / 100
    mark, group = style
    text = f"{amount:,.2f}".replace(",", "\0").replace(".", mark).replace("\0", group)
    fmt = numbers.decide_number_format([text])
    assert fmt is not None
    assert numbers.parse_number(text, fmt) == amount
    assert in_sql(numbers.number_sql("x", fmt), text) == amount


@settings(max_examples=150, deadline=None)
@given(day=st.dates(date(1990, 1, 1), date(2060, 12, 31)), order=st.sampled_from(["dmy", "mdy"]),
       mark=st.sampled_from("-/."))  # fmt: skip
def test_every_date_survives_or_is_refused_as_ambiguous(day: date, order: str, mark: str) -> None:
    parts = ["%d", "%m", "%Y"] if order == "dmy" else ["%m", "%d", "%Y"]
    text = day.strftime(mark.join(parts))
    evidence = dates.evidence_of([text])
    seen = dates.decide_order(evidence, None)
    if day.day <= 12:
        assert seen is None
        seen = dates.decide_order(evidence, order)  # type: ignore[arg-type]
    assert seen == order
    value = in_sql(dates.local_sql("x", dates.date_format(evidence, seen), "UTC"), text)
    assert value == datetime(day.year, day.month, day.day)  # noqa: DTZ001


@pytest.mark.parametrize(("text", "expected"), [
    ("2024-03-05T14:30:00Z", "2024-03-05 14:30:00"),
    ("2024-03-05 14:30:00+02:00", "2024-03-05 12:30:00"),
    ("2024-03-05 02:30 PM", "2024-03-05 14:30:00"), ("5 Mar 2024", "2024-03-05 00:00:00"),
    ("March 5, 2024 2:30 pm", "2024-03-05 14:30:00"), ("45356.5", "2024-03-05 12:00:00"),
    ("20240305", "2024-03-05 00:00:00"), ("2024/3/5 7:05", "2024-03-05 07:05:00"),
])  # fmt: skip
def test_dates_are_read_in_many_forms(text: str, expected: str) -> None:
    fmt = dates.date_format(dates.evidence_of([text]), None)
    assert str(in_sql(dates.local_sql("x", fmt, "UTC"), text)) == expected


def test_a_column_with_both_date_orders_is_refused() -> None:
    with pytest.raises(dates.AmbiguousDateError):
        dates.decide_order(dates.evidence_of(["13/01/2024", "01/13/2024"]), None)


@pytest.mark.parametrize(("text", "expected"), [
    ("00042", "00042"), ("17850.0", "17850"), ("1.23456789012E+11", "123456789012"),
    ("1.23E+12", None), ("A-1.0", "A-1.0"),
])  # fmt: skip
def test_ids_keep_their_digits_or_are_refused(text: str, expected: str | None) -> None:
    assert in_sql(id_sql("x"), text) == expected
