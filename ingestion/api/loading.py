"""From an API's streams into its raw schema, through dlt: packages that count whole or not at all.

A package holds what the streams gave since their cursors, and the new cursors. Both become durable
in PostgreSQL, the cursors last; dlt's folder is scratch. What a killed load left is thrown away and
read again from the cursors: rows replace their older version by key, so nothing is doubled.

Each package draws a load number before it reads, and its rows bear it. What a killed load left of a
package is read again by the next one, under a higher number, so a build that came between the two
takes it for new once more.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ingestion.api.reports import SourceReport, TableReport
from ingestion.api.shapes import Flattener
from ingestion.api.streams import Stream, StreamProgress
from ingestion.api.tables import (
    counts,
    draw_load_number,
    empty,
    ensure_api_tables,
    mark_deleted,
    note_rows,
    sweep,
)
from ingestion.auth.credentials import TITLES, SourceSystem
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.home import hub_home
from warehouse.turns import landing
from warehouse.vault import Vault

Progress = Callable[[str], None]
DOCUMENTS_PER_LINE = 10_000
LOADED = "loaded.txt"  # beside dlt's files of a source: what was newest when they were written


def load_streams(warehouse: Warehouse, vault: Vault, source: SourceSystem,
                 streams: Sequence[Stream], on_progress: Progress | None = None, *,
                 retries: list[str] | None = None, only: Collection[str] = (),
                 accepts_shrinking: bool = False) -> SourceReport:  # fmt: skip
    """Load what changed at a source since the last load.

    Args:
        on_progress: told now and then how far it is.
        retries: where the source's client notes repeated requests, for the report.
        only: these streams instead of all.
        accepts_shrinking: believe a list that is much shorter than it was.

    Raises:
        HubError: the source refused, did not answer, or answered against its contract; what was
            loaded before stays, and the next load goes on from there.
    """
    began = datetime.now(UTC)
    streams = [stream for stream in streams if not only or stream.name in only]
    report = SourceReport(source, f"{began:%Y%m%dT%H%M%S%f}-{os.getpid():x}{uuid.uuid4().hex[:4]}",
                          retries=retries if retries is not None else [])  # fmt: skip
    with _one_at_a_time(warehouse, source):
        ensure_api_tables(warehouse, source, [stream.table for stream in streams])
        present = counts(warehouse, source, streams)
        report.tables = [TableReport(stream.name, rows_before=present[stream.name])
                         for stream in streams]  # fmt: skip
        try:
            with _pipeline(warehouse, source) as pipeline:
                whole = _load(warehouse, vault, source, streams, report, began, on_progress,
                              accepts_shrinking, pipeline)  # fmt: skip
            deleted = mark_deleted(warehouse, source, streams, whole, report.load_number)
            for stream in streams:
                deleted[stream.name] += sweep(
                    warehouse, source, stream, report.load_number,
                    accepts_shrinking=accepts_shrinking,
                )  # fmt: skip
        except HubError as error:
            _log(warehouse, report, began, failure=error)
            raise
        warehouse.refresh_statistics("loader", f"raw_{source}")
        present = counts(warehouse, source, streams)
        for table in report.tables:
            table.rows_deleted = deleted[table.name]
            table.rows_after = present[table.name]
        report.seconds = (datetime.now(UTC) - began).total_seconds()
        _log(warehouse, report, began)
    return report


def _load(warehouse: Warehouse, vault: Vault, source: SourceSystem, streams: Sequence[Stream],
          report: SourceReport, began: datetime, on_progress: Progress | None,
          accepts_shrinking: bool, pipeline: Any) -> dict[str, int]:  # fmt: skip
    """Packages until nothing is left; returns by which package each table was read whole last."""
    from ingestion.api.resources import StreamResource

    flattener = Flattener(TITLES[source], vault, began)
    has_more = True
    while has_more:
        states = _states(pipeline, source)
        report.load_number = flattener.load_number = draw_load_number(warehouse)
        empty(warehouse, source, [stream for stream in streams if stream.name not in states],
              report.load_number)  # fmt: skip
        progresses = {table.name: StreamProgress(rows_before=table.rows_before,
                                                 has_state=table.name in states,
                                                 accepts_shrinking=accepts_shrinking)
                      for table in report.tables}  # fmt: skip

        def on_page(name: str, count: int) -> None:
            if on_progress and count >= DOCUMENTS_PER_LINE and count % DOCUMENTS_PER_LINE < 1_000:
                on_progress(f"{TITLES[source]}: {count:,} {name.replace('_', ' ')} read")

        package = _source(source, [
            StreamResource(stream, flattener, progresses[stream.name], on_page).resource()
            for stream in streams
        ])  # fmt: skip
        _steps(partial(pipeline.extract, package, loader_file_format="parquet"))
        flattener.flush()
        # Before the rows: what a killed load has copied must not go unnoticed.
        note_rows(warehouse, source, progresses.values(), report.load_number)
        _steps(pipeline.normalize, pipeline.load)
        for table in report.tables:
            progress = progresses[table.name]
            table.rows_read += progress.documents_count
            if progress.refusal:
                report.left_out.append(table.name)
            table.newest_change = max(progress.cursors.values(), default=table.newest_change)
        has_more = any(progress.has_more for progress in progresses.values())
    (hub_home() / "dlt" / pipeline.pipeline_name / LOADED).write_text(
        _newest_load(warehouse, source)
    )
    report.unknown_fields = dict(flattener.unknown)
    states = _states(pipeline, source)
    return {name: state["whole_number"] for name, state in states.items()
            if "whole_number" in state}  # fmt: skip


def _states(pipeline: Any, source: SourceSystem) -> dict[str, dict[str, Any]]:
    """State by stream, of those of which something is loaded."""
    found = pipeline.state.get("sources", {}).get(source, {}).get("resources", {})
    return {name: state for name, state in found.items()
            if state.get("cursors") or "digest" in state}  # fmt: skip


@contextmanager
def _pipeline(warehouse: Warehouse, source: SourceSystem) -> Iterator[Any]:
    """The dlt pipeline of a business's source, with the state of its last complete load."""
    folder = hub_home() / "dlt"
    folder.mkdir(exist_ok=True, mode=0o700)
    # Read by dlt when it is imported and when a pipeline starts.
    os.environ.update({
        "DLT_DATA_DIR": str(folder), "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR", "LOAD__TRUNCATE_STAGING_DATASET": "true",
        "LOAD__RAISE_ON_FAILED_JOBS": "true", "LOAD__DELETE_COMPLETED_JOBS": "true",
    })  # fmt: skip
    import dlt

    from ingestion.api.run_context import use_own_settings

    use_own_settings()
    logging.getLogger("dlt").setLevel(logging.ERROR)
    name = f"{warehouse.database}_{source}"
    _forget_unless_current(warehouse, source, folder / name)
    from ingestion.api.destination import open_destination

    with open_destination(warehouse.url("loader")) as destination:
        pipeline = dlt.pipeline(
            name, destination=destination, dataset_name=f"raw_{source}", pipelines_dir=str(folder)
        )
        _steps(pipeline.sync_destination)
        yield pipeline


def _forget_unless_current(warehouse: Warehouse, source: SourceSystem, place: Path) -> None:
    """Throw dlt's folder away unless it is as the last load left it, and the database, too.

    A package that a killed load had begun to copy would be copied into staging tables twice, and
    after a restore the cursors in the folder would be ahead of the rows.
    """
    note = place / LOADED
    is_current = note.exists() and note.read_text() == (_newest_load(warehouse, source) or None)
    note.unlink(missing_ok=True)
    shutil.rmtree(place / "load" / "loaded" if is_current else place, ignore_errors=True)


def _newest_load(warehouse: Warehouse, source: SourceSystem) -> str:
    """What dlt wrote last into a raw schema; empty where it wrote nothing yet."""
    query = sql.SQL(
        "select (select max(load_id) from {0}._dlt_loads where status = 0), "
        "(select count(*) from {0}._dlt_pipeline_state), (select count(*) from {0}._dlt_version)"
    ).format(sql.Identifier(f"raw_{source}"))
    with warehouse.connect("loader") as connection:
        try:
            return " ".join(map(str, connection.execute(query).fetchone() or ()))
        except psycopg.errors.UndefinedTable:
            return ""


def _source(source: SourceSystem, resources: list[Any]) -> Any:
    import dlt

    @dlt.source(name=source, schema_contract={"tables": "evolve", "columns": "evolve",
                                              "data_type": "freeze"})  # fmt: skip
    def documents() -> list[Any]:
        return resources

    return documents()


def _steps(*steps: Callable[[], Any]) -> None:
    """Run dlt's steps; an error of ours comes out as itself, another one in words."""
    from dlt.pipeline.exceptions import PipelineStepFailed

    try:
        for step in steps:
            step()
    except PipelineStepFailed as failed:
        cause: BaseException | None = failed
        while cause is not None:
            if isinstance(cause, HubError):
                raise cause from None
            last, cause = cause, cause.__cause__ or cause.__context__
        raise HubError(
            f"The load failed at dlt's step {failed.step!r} ({type(last).__name__}).",
            fix="Nothing is lost: run again. If it stays so, look into .hub/logs/runs.log.",
        ) from failed


@contextmanager
def _one_at_a_time(warehouse: Warehouse, source: SourceSystem) -> Iterator[None]:
    """Wait for another load of the same source, of this computer or another."""
    folder = hub_home() / "scratch"
    folder.mkdir(exist_ok=True, mode=0o700)
    with (folder / f"{warehouse.database}_{source}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with warehouse.connect("loader", autocommit=True) as connection:
            connection.execute("select pg_advisory_lock(hashtext(%s))", (f"{source} load",))
            with landing(warehouse):
                yield


def _log(warehouse: Warehouse, report: SourceReport, began: datetime,
         failure: HubError | None = None) -> None:  # fmt: skip
    """One row per kind of documents, or one for a load that failed."""
    rows = [] if failure else report.tables
    with warehouse.connect("loader") as connection:
        for table in rows or [TableReport("all")]:
            status = "failed" if failure else "loaded" if table.rows_read else "unchanged"
            connection.execute(
                "insert into quality.load_log (load_id, source_system, table_name, started_at, "
                "finished_at, status, rows_read, rows_new, rows_updated, message, details, "
                "load_number) values (%s, %s, %s, %s, now(), %s, %s, %s, %s, %s, %s, %s)",
                (f"{report.load_id}-{table.name}", report.source, table.name, began, status,
                 table.rows_read, table.rows_new,
                 max(table.rows_read - table.rows_new, 0),
                 failure.message if failure else None, _details(report, table),
                 report.load_number or None),
            )  # fmt: skip


def _details(report: SourceReport, table: TableReport) -> psycopg.types.json.Jsonb:
    from psycopg.types.json import Jsonb

    prefix = (f"{table.name}.", f"{table.name}__")
    unknown = {name: count for name, count in report.unknown_fields.items()
               if name.startswith(prefix)}  # fmt: skip
    return Jsonb({"newest_change": table.newest_change, "unknown_fields": unknown,
                  "rows_deleted": table.rows_deleted})  # fmt: skip
