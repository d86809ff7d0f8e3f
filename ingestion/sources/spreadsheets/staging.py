"""One file (or one joined group of files) inside DuckDB: opened, checked row by row, tokenised.

Two passes: the first keeps a narrow verdict per row (``verdicts``) and, while a file is small
enough for the memory, its typed values; the second streams the wanted rows as Arrow. Only the
vault is written to here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from ingestion.sources.spreadsheets.files import TOTALS, Table, open_table
from ingestion.sources.spreadsheets.mapping import Mapping
from ingestion.sources.spreadsheets.plans import (
    CONTACT,
    PERSONAL,
    Check,
    Plan,
    Planner,
    contact_sql,
    trim_sql,
)
from ingestion.sources.spreadsheets.sales import MEASURED_COLUMNS, MEASURES, measure_sums
from warehouse.business import Business
from warehouse.errors import HubError
from warehouse.vault import PersonalKind, Vault

MEMORY_LIMIT = "450MB"
BATCH_ROWS = 10_000
SEPARATOR = "chr(31)"
TYPED_BYTES = 192 << 20
TokenTable = tuple[str, dict[str, str | None]]
ByKind = dict[PersonalKind, dict[str, str]]


@dataclass(frozen=True)
class BadRow:
    """A row for the quarantine; every value is masked already."""

    row_number: int | None
    column_name: str | None
    masked_value: str | None
    reason: str
    record: dict[str, str]


@dataclass
class Staged:
    """A checked file, ready to be compared and streamed."""

    database: duckdb.DuckDBPyConnection
    table: Table
    plan: Plan
    file_name: str
    rows_read: int = 0
    bad: list[BadRow] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    has_repeats: bool = False
    notes: list[str] = field(default_factory=list)
    storing: list[Future[None]] = field(default_factory=list)

    @property
    def is_typed(self) -> bool:
        """Whether the first pass keeps the typed values for the second."""
        return 0 < self.table.size <= TYPED_BYTES and not self.table.is_stored

    def vaulted(self) -> None:
        """Wait until the vault holds the clear text of every token of the file."""
        for future in self.storing:
            future.result()

    def rows_sql(self, *, with_values: bool, only_wanted: bool) -> str:
        """Query of the rows to load: keys alone, or keys and every column that varies."""
        inner = ", ".join(f'{expression} as "{name}"' for name, expression in
                          self.plan.outputs.items() if with_values)  # fmt: skip
        inner = f", {inner}" if inner else ""
        if self.plan.kept and with_values:
            inner += f", {_extra_sql(self.plan.kept)} as extra"
        key, digest = self._key_sql()
        number = "_rn as _row_number, " if self._is_numbered(only_wanted) else ""
        inner = inner.removeprefix(", ") + (", " if inner else "")
        query = (
            f"select {number}{inner}{key} as made_key, {digest} as _row_hash "
            f"from ({self._values_sql(is_numbered=bool(number))})"
            f"{_token_joins(self.plan)}"
        )
        occurrence = ""
        if not self.plan.key:
            occurrence = " || '-' || coalesce(occurrence, 1)" if self.has_repeats else " || '-1'"
        key = f"made_key{occurrence} as _row_key"
        if with_values and self.plan.order_is_row:
            key += f", made_key{occurrence} as order_id"
        query = f"select made.* exclude (made_key), {key} from ({query}) as made"
        if self.has_repeats:
            query += " left join repeats on repeats._rn = made._row_number"
        if self.bad or self.skipped:
            query += " anti join excluded on excluded._rn = made._row_number"
        if only_wanted:
            query += " semi join wanted on wanted._rn = made._row_number"
        return query

    def _values_sql(self, *, is_numbered: bool) -> str:
        """The typed values: as the first pass kept them, or read from the file once more."""
        if not self.is_typed:
            return values_sql(self.plan, self.table, is_numbered=is_numbered)
        number = f"rowid + {self.table.first + 1} as _rn, " if is_numbered else ""
        return f"select {number}* from verdict_rows"

    def _is_numbered(self, only_wanted: bool) -> bool:
        return bool(only_wanted or self.bad or self.skipped or self.has_repeats
                    or self.table.is_stored)  # fmt: skip

    def reader(
        self, *, with_values: bool, only_wanted: bool, literals: str = ""
    ) -> pa.RecordBatchReader:
        """The rows to load as Arrow batches in the file's order. Where every row is wanted the
        row numbers are counted here: counting in SQL would keep DuckDB on one thread."""
        query = self.rows_sql(with_values=with_values, only_wanted=only_wanted)
        source = self.database.sql(f"select *{literals} from ({query})").to_arrow_reader(BATCH_ROWS)
        if self._is_numbered(only_wanted):
            return source
        schema = source.schema.append(pa.field("_row_number", pa.int64()))

        def numbered() -> Iterator[pa.RecordBatch]:
            number = self.table.first + 1
            for batch in source:
                numbers = pa.arange(number, number + batch.num_rows)
                yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=schema)
                number += batch.num_rows

        return pa.RecordBatchReader.from_batches(schema, numbered())

    def _contents(self) -> list[str]:
        """All that a row says, in a fixed order of roles, personal values as tokens."""
        values = [self._stored(name) for name in sorted(self.plan.sources)]
        return values + [f"k_{column}" for column in self.plan.kept.values()]

    def _key_sql(self) -> tuple[str, str]:
        """Without a key, the key is a hash that is the same on every machine and version. With
        one, the hash only tells whether a row changed: DuckDB's own (ten times faster) is enough,
        since a hash that differs after an upgrade merely stores an equal version once more."""
        version, contents = self.plan.version, self._contents()
        if not self.plan.key:
            texts = ", ".join(f"coalesce(cast({value} as varchar), '')" for value in contents)
            return f"md5(concat_ws({SEPARATOR}, {texts}))", f"'{version}'"
        parts = []
        for name in self.plan.key:
            text = f"cast({self._stored(name)} as varchar)"
            parts.append(f"(case when contains({text}, '|') then replace({text}, '|', '||') "
                         f"else coalesce({text}, '') end)")  # fmt: skip
        return " || '|' || ".join(parts), f"to_hex(hash('{version}', {', '.join(contents)}))"

    def _stored(self, name: str) -> str:
        return self.plan.token_sql(name) if name in self.plan.tokens else f"v_{name}"

    def totals(self, *, only_wanted: bool) -> list[tuple[object, object, str, object]]:
        """(day, currency, measure, amount) of the rows to load, from the file alone."""
        currency = "currency_code" if "currency_code" in self.plan.outputs else _measured(
            self.plan, "currency_code")  # fmt: skip
        query = f"select sale_date, {currency}, {measure_sums()} from verdicts as made"
        if self.bad or self.skipped:
            query += " anti join excluded on excluded._rn = made._rn"
        if only_wanted:
            query += " semi join wanted on wanted._rn = made._rn"
        query += " where sale_date is not null group by 1, 2"
        rows = self.database.execute(query).fetchall()
        return [(day, code, name, amount) for day, code, *amounts in rows
                for name, amount in zip(MEASURES, amounts, strict=True)]  # fmt: skip


def open_database(scratch: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that spills into the scratch folder."""
    database = duckdb.connect(config={
        "memory_limit": MEMORY_LIMIT, "threads": 2, "temp_directory": str(scratch / "spill"),
    })  # fmt: skip
    database.execute("set TimeZone = 'UTC'")
    # The streamed file must never become the side of a join that is kept in memory.
    database.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
    return database


def values_sql(plan: Plan, table: Table, *, is_numbered: bool = True) -> str:
    """The typed values (v_<role>) and the raw texts the checks need (r_<role>)."""
    relation = table.relation if is_numbered else table.unnumbered
    number = "_rn" if is_numbered or table.is_stored else "0 as _rn"
    values = [f"{expression} as v_{name}" for name, expression in plan.values.items()]
    raw = [f"{text} as r_{name}" for name, text in plan.sources.items()]
    kept = [f"{column} as k_{column}" for column in plan.kept.values()]
    return f"select {', '.join([number, *values, *raw, *kept])} from {relation} as source"


def _extra_sql(kept: dict[str, str]) -> str:
    pairs = ", ".join(
        f"'{name.replace(chr(39), chr(39) * 2)}', k_{column}" for name, column in kept.items()
    )
    return f"cast(json_object({pairs}) as varchar)"


def _token_joins(plan: Plan) -> str:
    return "".join(
        f" left join t_{name} on t_{name}.clear = {trim_sql(f'r_{name}')}" for name in plan.tokens
    )


def stage(paths: dict[str, Path], mapping: Mapping, business: Business, vault: Vault,
          database: duckdb.DuckDBPyConnection, scratch: Path, limit_rate: float,
          pool: Executor, *, stores: bool = True) -> Staged:  # fmt: skip
    """Open, join, check and tokenise.

    Args:
        pool: makes tokens while repeated rows are looked for, and fills the vault after that.
        stores: false leaves the vault as it is (a dry run).

    Raises:
        HubError: the file cannot be read or mapped, or too many of its rows are bad.
    """
    name = next(iter(paths.values())).name
    tables = {alias: open_table(path, mapping.layout, database, alias, scratch)
              for alias, path in paths.items()}  # fmt: skip
    alias = next(iter(tables))
    table = tables[alias]
    orphans: list[BadRow] = []
    if mapping.joins:
        for other, joined in tables.items():
            _store(database, other, joined)
        table, orphans = _join(database, tables, mapping)
    elif (
        "row_number() over" in " ".join(r.template or "" for r in mapping.columns.values())
        or any(rule.is_per_order for rule in mapping.columns.values())
        or table.blank_rows
    ):
        _store(database, alias, table)
    plan = Planner(database, table, mapping, business, name).build()
    staged = Staged(database, table, plan, name, notes=plan.notes)
    _judge(staged, alias)
    if _has_odd_numbers(staged):
        planner = Planner(database, staged.table, mapping, business, name, is_thorough=True)
        plan = planner.build()
        staged.plan, staged.notes = plan, plan.notes
        _judge(staged, alias)
    plan.version = mapping.version
    making = pool.submit(_tokens, database.cursor(), staged, vault)
    _collect_bad(staged, alias, orphans)
    _repeats(staged, mapping)
    _settle_event(staged)
    _refuse_many(staged, limit_rate)
    made = making.result()
    for token_table, _ in made:
        _register(database, token_table)
    if stores:
        staged.storing = [pool.submit(vault.keep, kind, clear)
                          for _, cleared in made for kind, clear in cleared.items()]  # fmt: skip
    return staged


def _store(database: duckdb.DuckDBPyConnection, alias: str, table: Table) -> None:
    """Keep a text file's rows in a table (joins and windows need them more than once)."""
    if table.is_stored:
        return
    database.execute(f"create or replace table {alias}_raw as select * from {table.relation}")
    lines = sorted({row[0] for row in _rejects(database, alias)} | set(table.blank_rows))
    number, join = "_rn", ""
    if lines:
        # Rows are numbered one after the other; each row left out before them moves them by one.
        database.execute(
            f"create or replace table {alias}_gaps as select line - n as from_rn, "
            "max(n) + 1 as shift from (select line, row_number() over (order by line) - 1 as n "
            "from (select unnest($1) as line)) group by 1",
            [lines],
        )
        number = "_rn + coalesce(shift, 0) as _rn"
        join = f"asof left join {alias}_gaps on {alias}_raw._rn >= {alias}_gaps.from_rn"
    cells = ", ".join(f"c{index}" for index in range(len(table.headers)))
    database.execute(
        f"create or replace table {alias}_rows as select {number}, {cells} from {alias}_raw {join}"
    )
    database.execute(f"drop table {alias}_raw")
    table.relation, table.is_stored = f"{alias}_rows", True


def _rejects(database: duckdb.DuckDBPyConnection, alias: str) -> list[tuple[int, str, str]]:
    try:
        return database.execute(
            f"select line, any_value(error_type::varchar), any_value(csv_line) "
            f"from {alias}_rejects "
            "where scan_id = (select max(scan_id) from "
            f"{alias}_rejects) group by line order by line"
        ).fetchall()
    except duckdb.CatalogException:
        return []


def _join(database: duckdb.DuckDBPyConnection, tables: dict[str, Table],
          mapping: Mapping) -> tuple[Table, list[BadRow]]:  # fmt: skip
    base = next(iter(tables))
    joined = {base}
    clause = f"{base}_rows as {base}"
    orphans: list[BadRow] = []
    for join in mapping.joins:
        left, right = _side(tables, join.left), _side(tables, join.right)
        if left[0] not in joined:
            left, right = right, left
        repeated = database.execute(
            f"select 1 from {right[0]}_rows group by {right[1]} having count(*) > 1 limit 1"
        ).fetchall()
        if repeated:
            raise HubError(
                f"{join.left} = {join.right}: the joined column holds a value twice, so rows "
                "would be doubled.", fix="Join on a column that is unique in the joined file.",
            )  # fmt: skip
        for number, value in database.execute(
            f"select {base}._rn, {'.'.join(left)} from {clause} anti join {right[0]}_rows as "
            f"{right[0]} on {'.'.join(left)} = {'.'.join(right)}"
        ).fetchall():
            reason = f"has no partner in {right[0]} ({join.left} = {join.right})"
            orphans.append(BadRow(number, join.left, mask(value), reason, {}))
        clause += f" join {right[0]}_rows as {right[0]} on {'.'.join(left)} = {'.'.join(right)}"
        joined.add(right[0])
    headers = [f"{alias}.{header}" for alias, table in tables.items() for header in table.headers]
    columns = [f"{alias}.c{index}" for alias, table in tables.items()
               for index in range(len(table.headers))]  # fmt: skip
    select = ", ".join(f"{column} as c{index}" for index, column in enumerate(columns))
    database.execute(
        f"create or replace table joined_rows as select {base}._rn as _rn, {select} "
        f"from {clause} order by {base}._rn"
    )
    return Table("joined_rows", headers, is_stored=True), orphans


def _side(tables: dict[str, Table], text: str) -> tuple[str, str]:
    alias, _, header = text.partition(".")
    if alias not in tables:
        raise HubError(
            f"The join names {alias!r}, which is no [files.{alias}].", fix="Mend [[joins]]."
        )
    column = tables[alias].column(header)
    if column is None:
        raise HubError(
            f"The file of [files.{alias}] has no column {header!r}, which [[joins]] names.",
            fix="Correct the join in mapping.toml.",
        )
    return alias, column


def _judge(staged: Staged, alias: str) -> None:
    """First pass: one narrow row of verdicts per row of the file."""
    plan, database = staged.plan, staged.database
    flags = " + ".join(
        f"(case when {check.condition} then {1 << index}::bigint else 0 end)"
        for index, check in enumerate(plan.checks)
    ) or "0::bigint"  # fmt: skip
    selected = ""
    if plan.sale_date:
        selected = "".join(f", {_measured(plan, name)} as {name}" for name in MEASURED_COLUMNS)
        selected += f", {plan.sale_date} as sale_date"
        if "currency_code" in plan.outputs:
            selected += f", {plan.outputs['currency_code']} as currency_code"
    visible = [f"coalesce(cast(v_{name} as varchar), '')" for name in plan.sources]
    visible += [f"coalesce(k_{column}, '')" for column in plan.kept.values()]
    names = ", ".join(f"v_{name}" for name in plan.key)
    key = f"hash({names})" if plan.key else f"hash(concat_ws({SEPARATOR}, {', '.join(visible)}))"
    number = "_rn, " if staged.table.is_stored else ""
    values = values_sql(plan, staged.table, is_numbered=False)
    typed = f", {_typed_columns(plan)}" if staged.is_typed else ""
    database.execute("drop view if exists verdicts")
    database.execute(
        f"create or replace table verdict_rows as select {number}{flags} as flags, "
        f"{key} as k{selected}{typed} from ({values})"
    )
    counted = "" if staged.table.is_stored else f"rowid + {staged.table.first + 1} as _rn, "
    database.execute(f"create temp view verdicts as select {counted}* from verdict_rows")
    row = database.execute("select count(*) from verdicts").fetchall()[0]
    staged.rows_read = int(row[0])
    if not staged.table.is_stored and _rejects(database, alias):
        _store(database, alias, staged.table)
        _judge(staged, alias)


def _typed_columns(plan: Plan) -> str:
    """What the second pass needs of the first: every value, of personal ones the text."""
    names = [f"r_{name}" for name in plan.tokens]
    names += [f"v_{name}" for name in plan.values
              if name not in plan.tokens or plan.tokens[name] == CONTACT]  # fmt: skip
    return ", ".join([*names, *(f"k_{column}" for column in plan.kept.values())])


def _measured(plan: Plan, name: str) -> str:
    if name in plan.outputs:
        return plan.outputs[name]
    if name in plan.constants:
        return f"'{plan.constants[name]}'"
    return "cast(null as decimal(18,6))"


def _has_odd_numbers(staged: Staged) -> bool:
    """Whether a later row has a mark that the first block's format does not read."""
    bits = sum(1 << index for index, check in enumerate(staged.plan.checks)
               if check.role in staged.plan.plain_numbers)  # fmt: skip
    query = f"select 1 from verdicts where flags & {bits} <> 0 limit 1"
    return bool(bits and staged.database.execute(query).fetchall())


def _settle_event(staged: Staged) -> None:
    """An event that all rows share need not be sent with each."""
    if "event_type" not in staged.plan.outputs:
        return
    query = "select min(event_type), max(event_type) from verdicts where flags = 0"
    least, greatest = staged.database.execute(query).fetchall()[0]
    if least is not None and least == greatest:
        del staged.plan.outputs["event_type"]
        staged.plan.constants["event_type"] = least


def _collect_bad(staged: Staged, alias: str, orphans: list[BadRow]) -> None:
    database, plan = staged.database, staged.plan
    database.execute("create or replace table excluded (_rn bigint)")
    numbers = [row[0] for row in database.execute(
        "select _rn from verdicts where flags <> 0 order by _rn").fetchall()]  # fmt: skip
    if numbers:
        columns = ", ".join(f"c{index}" for index in range(len(staged.table.headers)))
        rows = database.execute(
            f"select v._rn, v.flags, {columns} from verdicts v join {staged.table.relation} s "
            "on s._rn = v._rn where v.flags <> 0 order by v._rn"
        ).fetchall()
        _refuse_mixed_dates(staged, rows)
        _refuse_personal(staged, rows)
        for number, flags, *cells in rows:
            check = next(c for index, c in enumerate(plan.checks) if flags >> index & 1)
            _file_row(staged, number, cells, check)
        database.executemany("insert into excluded values (?)", [[number] for number in numbers])
    for line, kind, text in _rejects(database, alias):
        staged.rows_read += 1
        if not (text or "").strip():
            _skip(staged, "blank row")
        elif re.match(TOTALS, text):
            _skip(staged, "totals row")
        else:
            reason = f"the row is broken ({kind.replace('_', ' ').lower()})"
            record = {"row": mask(text) or ""}
            staged.bad.append(BadRow(line, None, None, reason, record))
    staged.rows_read += len(orphans)
    staged.bad.extend(orphans)
    if staged.table.title_rows:
        staged.notes.append(f"{staged.table.title_rows} title rows above the header skipped.")


def _refuse_mixed_dates(staged: Staged, rows: list[tuple[object, ...]]) -> None:
    for index, check in enumerate(staged.plan.checks):
        if check.reason not in ("is no date", "is no timestamp") or not re.fullmatch(
            r"c\d+", check.column or ""
        ):
            continue
        position = 2 + int(str(check.column)[1:])
        for row in rows:
            parts = re.match(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}", str(row[position] or ""))
            if (
                parts
                and int(str(row[1])) >> index & 1
                and max(int(parts[1]), int(parts[2])) in range(13, 32)
                and min(int(parts[1]), int(parts[2])) <= 12
            ):
                header = staged.table.headers[position - 2]
                raise HubError(
                    f"{staged.file_name}: column {header!r} is ambiguous: it mixes day/month and "
                    f"month/day (row {row[0]}).",
                    fix="Mend the dates, or split the file; then load again.",
                )


def _refuse_personal(staged: Staged, rows: list[tuple[object, ...]]) -> None:
    """Personal values must not reach ``extra``, where they would stand in clear text."""
    for index, check in enumerate(staged.plan.checks):
        if check.reason != PERSONAL:
            continue
        number = next((row[0] for row in rows if int(str(row[1])) >> index & 1), None)
        if number is not None:
            raise HubError(
                f"{staged.file_name}: column {check.role!r} of keep = [...] {PERSONAL} "
                f"(row {number}), which may be kept only as tokens.",
                fix="Map it to customer_email or customer_phone, or take it out of keep.",
            )


def _file_row(staged: Staged, number: int, cells: list[str | None], check: Check) -> None:
    """A bad row is a totals row, a repeated header, or one for the quarantine."""
    filled = [cell.strip() for cell in cells if cell and cell.strip()]
    if not filled:
        return _skip(staged, "blank row")
    if any(re.match(TOTALS, cell) for cell in filled[:2]):
        return _skip(staged, "totals row")
    if filled == [header for header in staged.table.headers if header]:
        return _skip(staged, "repeated header")
    position = (
        int(check.column[1:]) if check.column and re.fullmatch(r"c\d+", check.column) else None
    )
    header = staged.table.headers[position] if position is not None else check.role
    value = cells[position] if position is not None else None
    record = {
        name: mask(cell) or "" for name, cell in zip(staged.table.headers, cells, strict=False)
    }
    staged.bad.append(BadRow(number, header, mask(value), check.reason, record))
    return None


def _skip(staged: Staged, reason: str) -> None:
    staged.skipped[reason] = staged.skipped.get(reason, 0) + 1


def _repeats(staged: Staged, mapping: Mapping) -> None:
    """Rows that occur more than once: real without a key, wrong with one."""
    database = staged.database
    counted = "select count(*) - count(distinct k) from verdicts where flags = 0"
    if not database.execute(counted).fetchall()[0][0]:
        return
    database.execute(
        "create or replace table repeats as select _rn, row_number() over "
        "(partition by k order by _rn) as occurrence from verdicts where flags = 0 and k in "
        "(select k from verdicts where flags = 0 group by k having count(*) > 1)"
    )
    if not staged.plan.key and mapping.option("duplicates", "keep") == "keep":
        staged.has_repeats = True
        return
    rows = [row[0] for row in database.execute(
        "select _rn from repeats where occurrence > 1 order by _rn").fetchall()]  # fmt: skip
    database.executemany("insert into excluded values (?)", [[row] for row in rows])
    if not staged.plan.key:
        for _ in rows:
            _skip(staged, "repeats an earlier row")
        return
    reason = f"the key {' + '.join(staged.plan.key)} stands in an earlier row already"
    staged.bad.extend(BadRow(row, staged.plan.key[-1], None, reason, {}) for row in rows)


def _refuse_many(staged: Staged, limit_rate: float) -> None:
    if not staged.rows_read:
        raise HubError(f"{staged.file_name} has no rows.", fix="Export it again, or remove it.")
    if len(staged.bad) <= staged.rows_read * limit_rate:
        return
    worst: dict[tuple[str | None, str], int] = {}
    for bad in staged.bad:
        worst[bad.column_name, bad.reason] = worst.get((bad.column_name, bad.reason), 0) + 1
    (column, reason), count = max(worst.items(), key=lambda item: item[1])
    first = next(bad for bad in staged.bad if (bad.column_name, bad.reason) == (column, reason))
    where = f"column {column!r} {reason}" if column else reason
    raise HubError(
        f"{staged.file_name}: {len(staged.bad):,} of {staged.rows_read:,} rows are bad, more than "
        f"{limit_rate:.0%}; most often {where} ({count:,} rows, the first in row "
        f"{first.row_number}).",
        fix="Check that column's mapping and delimiter, or propose a mapping with: hub map FILE",
    )


def _tokens(
    database: duckdb.DuckDBPyConnection, staged: Staged, vault: Vault
) -> list[tuple[TokenTable, ByKind]]:
    """Per personal column, the token of each distinct text, and what the vault is to keep."""
    table, made = staged.table, []
    texts = table.relation if table.is_stored else table.silent
    relation = "verdict_rows" if staged.is_typed else texts
    for name, kind in staged.plan.tokens.items():
        text = f"r_{name}" if staged.is_typed else staged.plan.sources[name]
        expression = trim_sql(text)
        wanted = f"{expression} <> ''"
        if kind == CONTACT:
            wanted = f"({contact_sql(expression)}) is not null"
        clear = database.sql(
            f"select distinct {expression} as clear from {relation} as source where {wanted}"
        ).to_arrow_table().column(0).to_pylist()  # fmt: skip
        tokens: dict[str, str | None] = {}
        cleared: ByKind = {}
        for each in ("email", "phone") if kind == CONTACT else (kind,):
            mine = [text for text in clear if kind != CONTACT or ("@" in text) == (each == "email")]
            of_kind, cleared[each] = vault.tokens(each, mine)
            tokens.update(zip(mine, of_kind, strict=True))
        made.append(((name, tokens), cleared))
    return made


def _register(database: duckdb.DuckDBPyConnection, table: TokenTable) -> None:
    name, tokens = table
    # As parameters: making Arrow arrays of Python lists imports pandas, which takes a second.
    database.execute(
        f"create or replace table t_{name} as "
        "select unnest($1::varchar[]) as clear, unnest($2::varchar[]) as token",
        [list(tokens), list(tokens.values())],
    )


def mask(value: str | None) -> str | None:
    """A value as it may be shown: digits as 9, letters as x, only its form and marks kept."""
    if value is None:
        return None
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", str(value)))[:80]


def record_json(record: dict[str, str]) -> str | None:
    """A masked record as JSON."""
    return json.dumps(record, ensure_ascii=False) if record else None
