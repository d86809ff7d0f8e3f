"""From the inbox into ``raw_spreadsheets``: each file is one transaction, wholly in or not at all.

Rows go as Arrow record batches straight from DuckDB into a binary COPY. dlt's Arrow path
(Parquet, then ADBC) can be measured beside it: benchmarks/bench_spreadsheets.py --dlt. It is not
used because it commits in a transaction of its own: the rows, the versions they supersede, the
quarantine and the load log could not become visible together, and a kill between its commit and
its own bookkeeping would append the rows twice.

Each file draws a load number, so that the files of one load have an order, too.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from psycopg import sql

from ingestion.copying import copy_rows, copy_to_temporary, fetch_table
from ingestion.sources.spreadsheets.files import (
    TEXT_SUFFIXES,
    WORKBOOK_SUFFIXES,
    Fingerprint,
    Stamp,
    assert_unchanged,
    fingerprint,
)
from ingestion.sources.spreadsheets.kinds import KINDS, Kind
from ingestion.sources.spreadsheets.mapping import Mapping, load_mapping
from ingestion.sources.spreadsheets.raw_tables import (
    LOAD_CONSTANTS,
    SCHEMA,
    ensure_raw_tables,
    literal_defaults,
    usual_defaults,
)
from ingestion.sources.spreadsheets.reports import FileReport, LoadReport
from ingestion.sources.spreadsheets.sales import MEASURES, measure_sums
from ingestion.sources.spreadsheets.staging import (
    Staged,
    open_database,
    record_json,
    stage,
)
from warehouse.business import Business
from warehouse.changes import TableName, next_load_number, note_changes
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import hub_home
from warehouse.turns import landing
from warehouse.vault import Vault

SOURCE = "spreadsheets"
SOURCE_TOTALS: TableName = ("quality", "source_totals")
WANTED = pa.schema({"_rn": pa.int64(), "is_update": pa.bool_()})
Progress = Callable[[FileReport], None]


@dataclass(frozen=True)
class Unit:
    """What is loaded at once: one file, or the group of files that a mapping joins."""

    kind: Kind
    mapping: Mapping
    paths: dict[str, Path]

    @property
    def name(self) -> str:
        """The (first) file's name, under which the load is known."""
        return next(iter(self.paths.values())).name


def load_inbox(business: Business, warehouse: Warehouse, vault: Vault,
               kinds: list[str] | None = None, on_progress: Progress | None = None, *,
               dry_run: bool = False) -> LoadReport:  # fmt: skip
    """Load every new or changed file of a business's inbox.

    Args:
        kinds: load only these; all when None.
        on_progress: called with each file's report as soon as it is known.
        dry_run: read and check everything, write nothing.

    Returns:
        One report per file; a file that fails leaves nothing behind and stops no other.

    Raises:
        HubError: a kind is unknown.
    """
    for name in kinds or []:
        if name not in KINDS:
            raise HubError(f"There is no kind {name!r}.", fix=f"Choose of: {', '.join(KINDS)}.")
    report = LoadReport()
    with _one_at_a_time(warehouse) as scratch:
        if not dry_run:
            ensure_raw_tables(warehouse)
        for kind in (KINDS[name] for name in kinds or KINDS):
            for outcome in _load_kind(business, warehouse, vault, kind, scratch, dry_run):
                report.files.append(outcome)
                if on_progress:
                    on_progress(outcome)
        if not dry_run:
            warehouse.refresh_statistics("loader", SCHEMA)
    return report


@contextmanager
def _one_at_a_time(warehouse: Warehouse) -> Iterator[Path]:
    """Wait for another load of the same business; what a killed load left behind is removed."""
    folder = hub_home() / "scratch"
    folder.mkdir(exist_ok=True, mode=0o700)
    scratch = folder / warehouse.database
    with (folder / f"{warehouse.database}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            with warehouse.connect("loader") as connection:
                connection.execute("select pg_advisory_lock(hashtext('spreadsheets load'))")
                connection.commit()
                with landing(warehouse):
                    yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _load_kind(business: Business, warehouse: Warehouse, vault: Vault, kind: Kind,
               scratch: Path, dry_run: bool) -> Iterator[FileReport]:  # fmt: skip
    folder = business.inbox / kind.name
    if not folder.exists():
        return
    try:
        if not folder.is_dir():
            raise HubError(f"inbox/{kind.name} is a file, not a folder.", fix="Make it a folder.")
        mapping = load_mapping(folder, kind)
        units = list(_units(folder, kind, mapping))
    except HubError as error:
        yield _failed(warehouse, kind, "mapping.toml", None, error, dry_run)
        return
    for unit in units:
        yield _load_unit(business, warehouse, vault, unit, scratch, dry_run)


def _units(folder: Path, kind: Kind, mapping: Mapping) -> Iterator[Unit]:
    entries = sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith((".", "~$")) and path.name != "mapping.toml"
    )
    if not mapping.files:
        for path in entries:
            yield Unit(kind, mapping, {"file": path})
        return
    found: dict[str, list[Path]] = {
        alias: [path for path in entries if path.match(pattern)]
        for alias, pattern in mapping.files.items()
    }
    for alias, paths in found.items():
        if len(paths) != 1 and entries:
            names = ", ".join(path.name for path in paths) or "none"
            raise HubError(
                f"inbox/{kind.name}: [files.{alias}] pattern {mapping.files[alias]!r} must match "
                f"one file, but matches {names}.", fix="Correct the pattern, or the files.",
            )  # fmt: skip
    if entries:
        yield Unit(kind, mapping, {alias: paths[0] for alias, paths in found.items()})


def _load_unit(business: Business, warehouse: Warehouse, vault: Vault, unit: Unit,
               scratch: Path, dry_run: bool) -> FileReport:  # fmt: skip
    started = datetime.now(UTC)
    seen: dict[str, Fingerprint] | None = None
    try:
        _supported(unit)
        is_known = bool(seen := _untouched(warehouse, unit))
        if not seen:
            seen = {alias: fingerprint(path) for alias, path in unit.paths.items()}
            is_known = _is_known(warehouse, unit, seen)
        if is_known:
            report = FileReport(unit.kind.name, unit.name, "unchanged", _new_id())
            _log(warehouse, report, seen, started, unit, dry_run)
            return report
        return _load_new(business, warehouse, vault, unit, seen, scratch, started, dry_run)
    except HubError as error:
        return _failed(warehouse, unit.kind, unit.name, seen, error, dry_run, started, unit)
    except (duckdb.Error, OSError, UnicodeError, psycopg.Error) as error:
        mended = explain(unit.name, error)
        return _failed(warehouse, unit.kind, unit.name, seen, mended, dry_run, started, unit)


def explain(name: str, error: Exception) -> HubError:
    """What stopped a load, in words, with the cause but without any value of the file.

    Messages of DuckDB and PostgreSQL may quote values; so only their kind, and PostgreSQL's code
    and the object it names, are told.
    """
    what = f"{name} could not be loaded; nothing of it was."
    code = getattr(error, "sqlstate", None) or ""
    text = str(error).lower()
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if is_full or code in ("53100",) or "no space left" in text or "disk full" in text:
        return HubError(f"{what} Cause: the disk is full.",
                        fix="Free some space, then load again.")  # fmt: skip
    if isinstance(error, duckdb.OutOfMemoryException) or code == "53200":
        return HubError(
            f"{what} Cause: the memory does not suffice.",
            fix="Split the file, or close other programs, then load again.",
        )
    if isinstance(error, UnicodeError):
        return HubError(f"{what} Cause: it holds bytes that are no text in its encoding.",
                        fix='Save it as "CSV UTF-8", then load again.')  # fmt: skip
    if isinstance(error, OSError):
        return HubError(
            f"{what} Cause: {error.strerror or type(error).__name__}.",
            fix="Check the disk and the file's permissions, then load again.",
        )
    if isinstance(error, duckdb.Error):
        return HubError(
            f"{what} Cause: it could not be read as a table ({_kind_of(error)}).",
            fix="Check that the file is complete and of the delimiter and encoding that its "
            "mapping says; then load again.",
        )
    return HubError(
        f"{what} Cause: the database refused it ({_database_cause(error, code)}).",
        fix="Check that the database runs and is the hub's own, then load again.",
    )


def _kind_of(error: Exception) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__.removesuffix("Exception"))
    return f"{words.lower()} error".replace("error error", "error")


def _database_cause(error: Exception, code: str) -> str:
    parts = [_kind_of(error)]
    if code.strip("\0 "):
        parts.append(f"PostgreSQL code {code}")
    if isinstance(error, psycopg.Error):
        named = (error.diag.table_name, error.diag.column_name, error.diag.constraint_name)
        parts += [name for name in named if name]
    return ", ".join(parts)


def _supported(unit: Unit) -> None:
    for path in unit.paths.values():
        suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
        if not path.is_dir() and suffix.lower() not in (*TEXT_SUFFIXES, *WORKBOOK_SUFFIXES):
            raise HubError(
                f"{path.name} is of no known format.",
                fix="Use CSV, TSV, TXT, XLSX, XLS or ODS (CSV also as .gz), or remove it.",
            )


def _load_new(business: Business, warehouse: Warehouse, vault: Vault, unit: Unit,
              seen: dict[str, Fingerprint], scratch: Path, started: datetime,
              dry_run: bool) -> FileReport:  # fmt: skip
    database = open_database(scratch)
    pool = ThreadPoolExecutor(1)
    try:
        rate = unit.mapping.option(
            "quarantine_limit_rate", business.sources.spreadsheets.quarantine_limit_rate
        )
        staged = stage(unit.paths, unit.mapping, business, vault, database, scratch, float(rate),
                       pool, stores=not dry_run)  # fmt: skip
        report = FileReport(unit.kind.name, unit.name, "loaded", _new_id(), staged.rows_read)
        report.rows_quarantined = len(staged.bad)
        report.rows_skipped = sum(staged.skipped.values())
        report.notes = staged.notes
        for bad in staged.bad:
            reason = f"{bad.column_name}: {bad.reason}" if bad.column_name else bad.reason
            report.reasons[reason] = report.reasons.get(reason, 0) + 1
        report.reasons |= staged.skipped
        if not dry_run:
            _Transfer(warehouse, unit, staged, report, seen, started).run()
        return report
    finally:
        pool.shutdown()
        database.close()


class _Transfer:
    """The one transaction that makes a staged file part of the raw table."""

    def __init__(self, warehouse: Warehouse, unit: Unit, staged: Staged, report: FileReport,
                 seen: dict[str, Fingerprint], started: datetime) -> None:  # fmt: skip
        self.warehouse, self.unit, self.staged, self.report = warehouse, unit, staged, report
        self.seen, self.started = seen, started
        self.table = f"{SCHEMA}.{unit.kind.name}"
        self.load_number = 0
        self.changed: set[TableName] = set()

    def run(self) -> None:
        """Compare, append, supersede, log, commit."""
        with self.warehouse.connect("loader") as connection:
            self.load_number = next_load_number(connection)
            is_first = self._is_empty(connection)
            if is_first:
                good = self.staged.rows_read - self.report.rows_quarantined
                self.report.rows_new = good - self.report.rows_skipped
            else:
                self._compare(connection)
            if self.report.rows_new + self.report.rows_updated:
                self._append(connection, only_wanted=not is_first)
            self._file_quarantine(connection)
            self._file_totals(connection, only_wanted=not is_first)
            self._file_log(connection)
            note_changes(connection, self.changed, self.load_number)
            self.staged.vaulted()
            for alias, path in self.unit.paths.items():
                assert_unchanged(path, self.seen[alias])

    def _is_empty(self, connection: psycopg.Connection) -> bool:
        """Whether this is the table's first load; then it is ours alone until the end."""
        for statement in ("", f"lock table {self.table} in access exclusive mode"):
            if statement:
                connection.execute(statement)
            if connection.execute(f"select 1 from {self.table} limit 1").fetchone():
                return False
        return True

    def _compare(self, connection: psycopg.Connection) -> None:
        """Send keys and hashes alone; learn which rows are new or changed; supersede."""
        connection.execute("set local work_mem = '128MB'")
        connection.execute("set local enable_nestloop = off")
        connection.execute("set local enable_mergejoin = off")
        rows = self.staged.reader(with_values=False, only_wanted=False)
        copy_to_temporary(connection, "incoming", rows)
        connection.execute("analyze incoming")
        wanted = fetch_table(
            connection,
            f"select i._row_number, r._row_key is not null from incoming i "
            f"left join {self.table} r on r._row_key = i._row_key "
            "and r._superseded_number is null "
            "where r._row_key is null or r._row_hash <> i._row_hash",
            WANTED,
        )
        self.staged.database.register("arrived", wanted)
        self.staged.database.execute("create or replace temp table wanted as select * from arrived")
        self.staged.database.unregister("arrived")
        updated = pc.sum(wanted.column("is_update"), min_count=0).as_py()
        self.report.rows_updated = updated
        self.report.rows_new = wanted.num_rows - updated
        good = self.staged.rows_read - self.report.rows_quarantined - self.report.rows_skipped
        self.report.rows_unchanged = good - wanted.num_rows
        if updated:
            changed = "i._row_key = r._row_key and i._row_hash <> r._row_hash"
            self._supersede(connection, f"exists (select from incoming i where {changed})")
        if self._replaces():
            gone = "not exists (select from incoming i where i._row_key = r._row_key)"
            name = _literal(self.unit.name)
            self._supersede(connection, f"r._file_name = {name} and {gone}")

    def _replaces(self) -> bool:
        """Whether rows of an earlier load of this file that it no longer gives are superseded:
        when the mapping says so, or when the same bytes are read under another mapping."""
        if self.unit.mapping.option("same_name", "adds") == "replaces":
            return True
        with self.warehouse.connect("loader") as connection:
            return connection.execute(
                "select 1 from quality.load_log where source_system = %s and table_name = %s and "
                "file_name = %s and status = 'loaded' and file_sha256 = %s limit 1",
                (SOURCE, self.unit.kind.name, self.unit.name, _sha(self.seen)),
            ).fetchone() is not None  # fmt: skip

    def _supersede(self, connection: psycopg.Connection, condition: str) -> None:
        update = (
            f"update {self.table} r set _superseded_at = now(), "
            f"_superseded_number = {self.load_number} "
            f"where r._superseded_number is null and {condition}"
        )
        if self.unit.kind.name != "sales":
            self._note(connection.execute(update).rowcount)
            return
        names = ", ".join(f"('{name}', day.{name})" for name in MEASURES)
        totals = connection.execute(
            f"with old as ({update} returning r.*), "
            f"day as (select sold_local_at::date as sale_date, currency_code, {measure_sums()} "
            "from old group by 1, 2) "
            "insert into quality.source_totals (load_id, source_system, table_name, sale_date, "
            "currency_code, measure, amount) "
            f"select {_literal(self.report.load_id)}, '{SOURCE}', 'sales', "
            "day.sale_date, day.currency_code, each.measure, -each.amount from day "
            f"cross join lateral (values {names}) as each (measure, amount)"
        )
        self._note(totals.rowcount, SOURCE_TOTALS)

    def _note(self, rows_count: int, *others: TableName) -> None:
        """The kind's table changed, and others with it, if any row did."""
        if rows_count:
            self.changed |= {(SCHEMA, self.unit.kind.name), *others}

    def _append(self, connection: psycopg.Connection, *, only_wanted: bool) -> None:
        constants = {
            **self.staged.plan.constants, "_file_name": self.unit.name,
            "_load_id": self.report.load_id, "_load_number": str(self.load_number),
        }  # fmt: skip
        if not only_wanted:
            # What is written to a table that this transaction emptied needs no write-ahead log.
            connection.execute(f"truncate {self.table}")
            connection.execute(literal_defaults(self.unit.kind, constants))
        for name in LOAD_CONSTANTS:
            connection.execute(f'set local "hub.{name}" = {_literal(constants.get(name, ""))}')
        literal = "".join(f", {_literal(value)} as \"{name}\"" for name, value in constants.items()
                          if name not in LOAD_CONSTANTS)  # fmt: skip
        rows = self.staged.reader(with_values=True, only_wanted=only_wanted, literals=literal)
        target = sql.Identifier(SCHEMA, self.unit.kind.name)
        copy_rows(connection, target, rows, is_new=not only_wanted)
        self._note(1)
        if not only_wanted:
            connection.execute(usual_defaults(self.unit.kind, constants))

    def _file_quarantine(self, connection: psycopg.Connection) -> None:
        connection.execute(
            "update quality.quarantine set resolved_at = now() where source_system = %s "
            "and table_name = %s and file_name = %s and resolved_at is null",
            (SOURCE, self.unit.kind.name, self.unit.name),
        )
        with connection.cursor().copy(
            "copy quality.quarantine (load_id, source_system, table_name, file_name, row_number, "
            "column_name, raw_value_masked, reason, record) from stdin"
        ) as copy:
            for bad in self.staged.bad:
                copy.write_row((
                    self.report.load_id, SOURCE, self.unit.kind.name, self.unit.name,
                    bad.row_number, bad.column_name, bad.masked_value, bad.reason,
                    record_json(bad.record),
                ))  # fmt: skip

    def _file_totals(self, connection: psycopg.Connection, *, only_wanted: bool) -> None:
        if self.unit.kind.name != "sales":
            return
        totals = list(self.staged.totals(only_wanted=only_wanted))
        self._note(len(totals), SOURCE_TOTALS)
        with connection.cursor().copy(
            "copy quality.source_totals (load_id, source_system, table_name, sale_date, "
            "currency_code, measure, amount) from stdin"
        ) as copy:
            for total in totals:
                copy.write_row((self.report.load_id, SOURCE, self.unit.kind.name, *total))

    def _file_log(self, connection: psycopg.Connection) -> None:
        values = _log_values(self.report, self.seen, self.started, self.unit)
        _insert_log(connection, values, self.load_number)


def _untouched(warehouse: Warehouse, unit: Unit) -> dict[str, Fingerprint] | None:
    """The fingerprints noted by the last load, when no file was written since (see Stamp); None
    when the files must be read to know."""
    try:
        stamps = {alias: Stamp.of(path) for alias, path in unit.paths.items()}
    except OSError:
        return None
    with warehouse.connect("loader") as connection:
        row = connection.execute(
            "select details->'stamps', details->>'mapping' from quality.load_log "
            "where source_system = %s and table_name = %s and file_name = %s "
            "and status in ('loaded', 'unchanged') "
            "order by load_number desc nulls last, finished_at desc limit 1",
            (SOURCE, unit.kind.name, unit.name),
        ).fetchone()
    if row is None or row[1] != unit.mapping.fingerprint or not row[0]:
        return None
    noted = {alias: Fingerprint(sha256, Stamp(*stamp), is_settled=True)
             for alias, (sha256, *stamp) in row[0].items()}  # fmt: skip
    is_same = {alias: file.stamp for alias, file in noted.items()} == stamps
    return noted if is_same else None


def _is_known(warehouse: Warehouse, unit: Unit, seen: dict[str, Fingerprint]) -> bool:
    """Whether these bytes were loaded under this mapping, and no other file of the name since."""
    with warehouse.connect("loader") as connection:
        row = connection.execute(
            "select file_sha256 = %(sha)s and details->>'mapping' = %(mapping)s "
            "from quality.load_log where source_system = %(source)s and table_name = %(kind)s and "
            "status = 'loaded' and (file_name = %(name)s or (file_sha256 = %(sha)s and "
            "details->>'mapping' = %(mapping)s)) "
            "order by (file_name = %(name)s) desc, load_number desc nulls last, "
            "finished_at desc limit 1",
            {"sha": _sha(seen), "mapping": unit.mapping.fingerprint, "source": SOURCE,
             "kind": unit.kind.name, "name": unit.name},
        ).fetchone()  # fmt: skip
    return bool(row and row[0])


def _failed(warehouse: Warehouse, kind: Kind, name: str, seen: dict[str, Fingerprint] | None,
            error: HubError, dry_run: bool, started: datetime | None = None,
            unit: Unit | None = None) -> FileReport:  # fmt: skip
    report = FileReport(kind.name, name, "failed", _new_id())
    report.message, report.fix = error.message, error.fix or ""
    _log(warehouse, report, seen or {}, started or datetime.now(UTC), unit, dry_run)
    return report


def _log(warehouse: Warehouse, report: FileReport, seen: dict[str, Fingerprint],
         started: datetime, unit: Unit | None, dry_run: bool) -> None:  # fmt: skip
    if dry_run:
        return
    with warehouse.connect("loader") as connection:
        values = _log_values(report, seen, started, unit)
        _insert_log(connection, values, next_load_number(connection))


def _insert_log(connection: psycopg.Connection, values: dict[str, Any], number: int) -> None:
    values |= {"load_number": number}
    holes = ", ".join(f"%({name})s" for name in values)
    connection.execute(
        f"insert into quality.load_log ({', '.join(values)}) values ({holes})", values
    )


def _log_values(report: FileReport, seen: dict[str, Fingerprint], started: datetime,
                unit: Unit | None) -> dict[str, Any]:  # fmt: skip
    details: dict[str, Any] = {"notes": report.notes, "reasons": report.reasons}
    if unit:
        details["mapping"] = unit.mapping.fingerprint
        if seen and all(file.is_settled for file in seen.values()):
            details["stamps"] = {alias: [file.sha256, *astuple(file.stamp)]
                                 for alias, file in seen.items()}  # fmt: skip
        details["files"] = [path.name for path in unit.paths.values()]
    return {
        "load_id": report.load_id, "source_system": SOURCE, "table_name": report.kind,
        "file_name": report.file_name, "file_sha256": _sha(seen) if seen else None,
        "file_bytes": sum(file.size for file in seen.values()), "started_at": started,
        "finished_at": datetime.now(UTC), "status": report.status, "rows_read": report.rows_read,
        "rows_new": report.rows_new, "rows_updated": report.rows_updated,
        "rows_unchanged": report.rows_unchanged, "rows_quarantined": report.rows_quarantined,
        "rows_skipped": report.rows_skipped, "message": report.message or None,
        "details": json.dumps(details, ensure_ascii=False),
    }  # fmt: skip


def _sha(seen: dict[str, Fingerprint]) -> str:
    if len(seen) == 1:
        return next(iter(seen.values())).sha256
    import hashlib

    return hashlib.sha256("".join(file.sha256 for file in seen.values()).encode()).hexdigest()


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{os.getpid():x}{uuid.uuid4().hex[:4]}"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
