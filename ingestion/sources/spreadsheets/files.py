"""The file on disk: what it is, its fingerprint, its encoding, and where its table begins.

Turns any supported file into a relation of text columns that DuckDB can read. What the columns
mean is none of this module's business.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import time_ns

import duckdb
import numpy
import pyarrow as pa  # type: ignore[import-untyped]
import python_calamine

from warehouse.errors import HubError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".xls", ".ods", ".xlsb", ".xlsm")
DELIMITERS = ",;\t|"
HEAD_BYTES = 256 * 1024
LINE_FEED = 10
SETTLED_NS = 3_000_000_000
TOTALS = (
    r"(?i)^\W*(grand\s+|sub\s*)?(total|totals|subtotal|sum|summe|gesamt(summe)?|somme|suma|"
    r"totale|итого|всего)\b"
)


@dataclass(frozen=True)
class Stamp:
    """What the file system says of a file: equal stamps mean an unwritten file, see is_settled."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @staticmethod
    def of(path: Path) -> Stamp:
        """The stamp of a file as it is now."""
        stat = path.stat()
        return Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@dataclass(frozen=True)
class Fingerprint:
    """What a file was when we looked: enough to notice that it changed.

    ``is_settled``: its last write lay well before our reading, so that a later write cannot have
    left the same stamp (file systems tell times in steps of some milliseconds, some of seconds).
    """

    sha256: str
    stamp: Stamp
    is_settled: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stamp.size


@dataclass(frozen=True)
class Layout:
    """How the owner (or the mapping) says that a file is laid out; None means: find out."""

    encoding: str | None = None
    delimiter: str | None = None
    header: str | None = None
    header_row: int | None = None
    header_rows: int = 1
    sheet: str | None = None


@dataclass
class Table:
    """A file as a relation: columns c0, c1, ... of text, ``_rn`` the row number in the file.

    Rows are numbered as a spreadsheet program shows them: from 1, the header, title rows and blank
    lines counted, a cell with line breaks still being one row. Blank lines (``blank_rows``) are
    passed over without being counted as read.
    """

    relation: str
    headers: list[str]
    title_rows: int = 0
    scan: str = ""
    first: int = 0
    encoding: str = ""
    delimiter: str = ""
    native_numbers: frozenset[int] = frozenset()
    is_stored: bool = False
    notes: list[str] = field(default_factory=list)
    clean_up: list[Path] = field(default_factory=list)
    size: int = 0
    blank_rows: list[int] = field(default_factory=list)
    silent: str = ""  # as scan, but broken rows are passed over without a record

    @property
    def unnumbered(self) -> str:
        """The rows without their numbers: counting them costs a thread."""
        return self.relation if self.is_stored else self.scan

    def column(self, header: str) -> str | None:
        """The relation's column for a header (also ``#3``, its position from 1)."""
        position = re.fullmatch(r"#(\d+)", header)
        if position and 0 < int(position[1]) <= len(self.headers):
            return f"c{int(position[1]) - 1}"
        wanted = normalise(header)
        for index, name in enumerate(self.headers):
            if normalise(name) == wanted:
                return f"c{index}"
        return None


def normalise(header: str) -> str:
    """Headers are compared without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", " ", header.casefold()).strip()


def fingerprint(path: Path) -> Fingerprint:
    """Hash and stat of a file.

    Raises:
        HubError: it is no file, cannot be read, or is empty.
    """
    if path.is_dir():
        raise HubError(
            f"{path.name} is a folder, not a file.", fix="Put the files themselves there."
        )
    try:
        stamp, looked_ns = Stamp.of(path), time_ns()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise HubError(
            f"{path.name} cannot be read: {error.strerror}.", fix="Check its permissions."
        ) from None
    if stamp.size == 0:
        raise HubError(f"{path.name} is empty (0 bytes).", fix="Export it again, or remove it.")
    is_settled = looked_ns - max(stamp.mtime_ns, stamp.ctime_ns) > SETTLED_NS
    return Fingerprint(digest, stamp, is_settled)


def assert_unchanged(path: Path, seen: Fingerprint) -> None:
    """Fail when the file is no longer what it was when its loading began."""
    try:
        is_same = Stamp.of(path) == seen.stamp and (
            seen.is_settled or fingerprint(path).sha256 == seen.sha256
        )
    except (HubError, OSError):
        is_same = False
    if not is_same:
        raise HubError(
            f"{path.name} changed while it was read; nothing of it was loaded.",
            fix="Wait until it is completely written, then load again.",
        )


def open_table(path: Path, layout: Layout, database: duckdb.DuckDBPyConnection,
               alias: str, scratch: Path) -> Table:  # fmt: skip
    """Read a file's head, find its layout, and offer it as a relation."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        unpacked = scratch / f"{alias}-unpacked{suffixes[-2] if len(suffixes) > 1 else '.csv'}"
        with gzip.open(path) as source, unpacked.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        path, suffixes = unpacked, [unpacked.suffix]
    if suffixes[-1:] and suffixes[-1] in WORKBOOK_SUFFIXES:
        return _open_workbook(path, layout, database, alias)
    return _open_text(path, layout, scratch, alias)


# --- delimited text ------------------------------------------------------------------------


def detect_encoding(path: Path) -> str:
    """UTF-8 or UTF-16 by mark or content; else Windows-1252 or Latin-1.

    Raises:
        HubError: the bytes are no text in any of these encodings.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                       (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if head.startswith(mark):
            return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) * 0.2:
        return "utf-16-le" if odd > even else "utf-16-be"
    if b"\0" in head:
        raise _unreadable(path)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                if not block.isascii() or decoder.getstate()[0]:
                    decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _single_byte_encoding(path)
    return "utf-8"


def _single_byte_encoding(path: Path) -> str:
    content = path.read_bytes()[: 8 << 20]
    controls = sum(content.count(bytes([code])) for code in (*range(1, 9), *range(14, 32), 127))
    if controls > len(content) * 0.01:
        raise _unreadable(path)
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _unreadable(path: Path) -> HubError:
    return HubError(
        f"{path.name} is no readable text: its encoding is none of UTF-8, UTF-16, "
        "Windows-1252 or Latin-1.",
        fix='Save it as "CSV UTF-8", or name it in the mapping: encoding = "..." under [format].',
    )


def _open_text(path: Path, layout: Layout, scratch: Path, alias: str) -> Table:
    encoding = layout.encoding or detect_encoding(path)
    original, clean_up = path, []
    if encoding not in ("utf-8", "utf-8-sig", "ascii") or (
        encoding == "utf-8-sig" and layout.header == "none"
    ):
        path = _transcode(path, encoding, scratch / f"{alias}-utf8.csv")
        clean_up.append(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.read(HEAD_BYTES)
    delimiter = layout.delimiter or sniff_delimiter(head)
    records = _head_records(head, delimiter, is_whole=path.stat().st_size <= HEAD_BYTES)
    if not records:
        raise HubError(f"{original.name} has no rows.", fix="Export it again, or remove it.")
    first, skip_lines, headers = _find_header(original.name, records, layout)
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(headers)))
    quoted = str(path).replace("'", "''")
    scan = (
        f"read_csv('{quoted}', header=false, skip={skip_lines}, delim='{delimiter}', quote='\"', "
        f"escape='\"', auto_detect=false, columns={{{columns}}}, strict_mode=true, "
        "null_padding=false, "
    )
    recorded = (f"store_rejects=true, rejects_limit=0, rejects_table='{alias}_rejects', "
                f"rejects_scan='{alias}_scans')")  # fmt: skip
    silent, scan = f"{scan}ignore_errors=true)", f"{scan}{recorded}"
    relation = f"(select row_number() over () + {first} as _rn, * from {scan})"
    title_rows = first - (0 if layout.header == "none" else layout.header_rows)
    return Table(
        relation,
        headers,
        title_rows,
        scan,
        first,
        encoding,
        delimiter,
        clean_up=clean_up,
        silent=silent,
        size=path.stat().st_size,
        blank_rows=blank_rows(path, delimiter, first) if len(headers) > 1 else [],
    )


def _transcode(path: Path, encoding: str, target: Path) -> Path:
    try:
        with (
            path.open(encoding=encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            shutil.copyfileobj(source, out, 1 << 20)
    except (UnicodeError, LookupError):
        raise HubError(
            f"{path.name} cannot be read as {encoding}.",
            fix='Correct encoding = "..." under [format] in the mapping, or leave it out.',
        ) from None
    return target


def blank_rows(path: Path, delimiter: str, first: int) -> list[int]:
    """Numbers of the blank lines below the header, which move the numbers of the rows below them.

    Files without two line breaks in a row, nearly all, are not parsed for it.
    """
    if not _has_blank_line(path):
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=delimiter)
        try:
            return [number for number, row in enumerate(rows, 1) if not row and number > first]
        except csv.Error:
            return []


def _has_blank_line(path: Path) -> bool:
    """Whether two line breaks follow each other anywhere but at the file's end."""
    kept = b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            text = kept + block
            if _breaks_meet(text):
                text = text.rstrip()
                if _breaks_meet(text):
                    return True
                # White space at a block's end may be followed by a row, or by nothing.
                kept = (kept + block)[len(text) :]
            else:
                kept = text[-3:]
    return False


def _breaks_meet(text: bytes) -> bool:
    marks = numpy.frombuffer(text, numpy.uint8)
    ends = marks == LINE_FEED
    if (ends[1:] & ends[:-1]).any():
        return True
    return b"\r" in text and (b"\n\r\n" in text or b"\r\r" in text)


def sniff_delimiter(head: str) -> str:
    """The delimiter whose count of cells is steady over most records of the head."""
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = [len(row) for _, row in _head_records(head, delimiter, is_whole=False)[:200]]
        if not widths:
            continue
        common = max(set(widths), key=widths.count)
        if common < 2:
            continue
        score = widths.count(common) / len(widths) + min(common, 50) / 1000
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _head_records(head: str, delimiter: str, *, is_whole: bool) -> list[tuple[int, list[str]]]:
    """(physical line on which it ends, cells) of each record of the head; blank ones kept."""
    records: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            records.append((reader.line_num, row))
            if len(records) >= 2000:
                return records
    except csv.Error:
        pass
    return records if is_whole or len(records) < 2 else records[:-1]


def _find_header(name: str, records: list[tuple[int, list[str]]],
                 layout: Layout) -> tuple[int, int, list[str]]:  # fmt: skip
    """(records before the first row of values, physical lines to skip, headers)."""
    rows = [row for _, row in records]
    if layout.header == "none":
        width = max(len(row) for row in rows[:50])
        return 0, 0, [f"#{index + 1}" for index in range(width)]
    index = (layout.header_row - 1) if layout.header_row else find_header_row(rows)
    if layout.header_rows > 1 and not layout.header_row and not _holds_names(rows, index + 1):
        # Group names above are sparse, so the lowest header row was found.
        index = max(0, index - layout.header_rows + 1)
    if index >= len(rows):
        raise HubError(
            f"{name} has no row {index + 1} to be its header.", fix="Correct header_row."
        )
    last = index + layout.header_rows - 1
    headers = merge_headers(rows[index : last + 1])
    return last + 1, records[last][0], headers


def _holds_names(rows: list[list[str]], index: int) -> bool:
    cells = [cell for cell in rows[index] if cell.strip()] if index < len(rows) else []
    return bool(cells) and not any(re.search(r"\d", cell) for cell in cells)


def find_header_row(rows: list[list[str]]) -> int:
    """The first row that is as wide as the table and holds names rather than values."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows[:200]]
    width = max(set(filled), key=lambda count: (filled.count(count) * min(count, 3), count))
    for index, row in enumerate(rows[:50]):
        names = [cell for cell in row if cell.strip() and not re.search(r"^\W*\d[\d\W]*$", cell)]
        if filled[index] >= max(1, width * 0.8) and len(names) >= filled[index] * 0.6:
            return index
    return 0


def merge_headers(rows: list[list[str]]) -> list[str]:
    """One name per column from one or more header rows (a blank upper cell repeats its left)."""
    if len(rows) == 1:
        return [cell.strip() for cell in rows[0]]
    merged: list[str] = []
    upper = ""
    for index in range(max(len(row) for row in rows)):
        cells = [row[index].strip() if index < len(row) else "" for row in rows]
        upper = cells[0] or upper
        merged.append(" ".join(part for part in (upper, *cells[1:]) if part))
    return merged


# --- workbooks -----------------------------------------------------------------------------


def _open_workbook(path: Path, layout: Layout, database: duckdb.DuckDBPyConnection,
                   alias: str) -> Table:  # fmt: skip
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
    except (python_calamine.CalamineError, OSError):
        raise HubError(
            f"{path.name} is no readable workbook.",
            fix="Save it again from the spreadsheet program.",
        ) from None
    sheet = _choose_sheet(path.name, book, layout.sheet)
    cells = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    rows = [[_cell_text(cell) for cell in row] for row in cells]
    if not any(any(row) for row in rows):
        raise HubError(f"Sheet {sheet!r} of {path.name} has no rows.", fix="Choose another sheet.")
    first, _, headers = _find_header(path.name, list(enumerate(rows, 1)), layout)
    while (
        headers
        and not headers[-1]
        and not any(row[len(headers) - 1 :][:1] != [""] for row in rows[first:])
    ):
        headers.pop()
    native = _native_number_columns(cells[first:], len(headers))
    body = [(number, row) for number, row in enumerate(rows[first:], first + 1) if any(row)]
    arrays: dict[str, pa.Array] = {"_rn": pa.array([number for number, _ in body], pa.int64())}
    for index in range(len(headers)):
        arrays[f"c{index}"] = pa.array([row[index] or None for _, row in body], pa.string())
    arrow = pa.table(arrays)
    database.register(f"{alias}_arrow", arrow)
    database.execute(f"create or replace table {alias}_rows as select * from {alias}_arrow")
    database.unregister(f"{alias}_arrow")
    title_rows = first - (0 if layout.header == "none" else layout.header_rows)
    return Table(f"{alias}_rows", headers, title_rows, encoding="workbook", delimiter=sheet,
                 native_numbers=native, is_stored=True)  # fmt: skip


def _choose_sheet(name: str, book: python_calamine.CalamineWorkbook, wanted: str | None) -> str:
    names = book.sheet_names
    if wanted is not None:
        if wanted not in names:
            raise HubError(
                f"{name} has no sheet {wanted!r}; it has {', '.join(map(repr, names))}.",
                fix='Correct sheet = "..." under [format] in the mapping.',
            )
        return wanted
    filled = [sheet for sheet in names if book.get_sheet_by_name(sheet).height > 1]
    if len(filled) > 1:
        raise HubError(
            f"{name} has several sheets with rows: {', '.join(map(repr, filled))}.",
            fix=f'Choose one in the mapping: sheet = "{filled[0]}" under [format].',
        )
    if not names:
        raise HubError(f"{name} has no sheets.", fix="Export it again, or remove it.")
    return filled[0] if filled else names[0]


def _cell_text(cell: object) -> str:
    if cell is None or cell == "":
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(timedelta(seconds=round(cell.total_seconds())))
    return str(cell).strip()


def _native_number_columns(cells: Sequence[Sequence[object]], width: int) -> frozenset[int]:
    """Columns all of whose numbers are typed cells: their marks need no deciding."""

    def is_native(index: int) -> bool:
        values = [row[index] for row in cells if index < len(row)]
        texts = [value for value in values if isinstance(value, str) and re.search(r"\d", value)]
        return not texts

    return frozenset(index for index in range(width) if is_native(index))


def rows_of(path: Path, table: Table) -> Iterator[list[str]]:
    """Cells of a delimited file, for messages that need the text as it stands."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.reader(file, delimiter=table.delimiter)
