"""Runs the tasks of the models: reads marts, skips what was answered already, keeps the evidence.

A task is a pure function of :mod:`ml` with the queries that feed it; its answers go to tables of
the schema ``ml``, beside the run, its evaluations and its refusals.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Any

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql
from psycopg.types.numeric import FloatLoader

from orchestration.business_resource import BusinessResource, user_failure
from orchestration.ml_tables import ensure_ml_tables
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.previews import table_metadata
from orchestration.run_options import RunOptions
from warehouse.business import Business
from warehouse.database import Warehouse
from warehouse.errors import HubError

EVALUATION_COLUMNS = (
    "subject", "model", "metric", "value", "is_baseline", "is_selected", "observations_count",
    "note",
)  # fmt: skip
REFUSAL_COLUMNS = ("subject", "observations_count", "reason")
_READ_TABLE = re.compile(r"\b(marts|ml)\.(\w+)")


@dataclass(frozen=True)
class Inputs:
    """What a task answers from.

    Attributes:
        frames: the rows of each query, by the query's name; numbers are floats, days are dates.
        as_of_date: the last complete day; None when nothing was ever sold.
        business: the owner's settings.
    """

    frames: Mapping[str, pd.DataFrame]
    as_of_date: date | None
    business: Business

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]


@dataclass(frozen=True)
class Answer:
    """What a task found.

    Attributes:
        tables: rows of the task's tables, by name, without ``run_id``.
        evaluations: columns of ``EVALUATION_COLUMNS``: how a model did on what it had not seen,
            the rules it has to beat beside it.
        refusals: columns of ``REFUSAL_COLUMNS``: what could not be answered, and what is missing.
        observations: how many rows, series or customers it rests on.
        parameters: what was fitted, for the record.
    """

    tables: Mapping[str, pd.DataFrame]
    evaluations: pd.DataFrame = field(default_factory=pd.DataFrame)
    refusals: pd.DataFrame = field(default_factory=pd.DataFrame)
    observations: int = 0
    window: tuple[date, date] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Nothing at all could be answered."""
        return all(rows.empty for rows in self.tables.values())


@dataclass(frozen=True)
class Task:
    """A question that a model answers in each run.

    Attributes:
        name: of the step and in ``ml.model_runs``.
        tables: description of each table of the schema ``ml`` that it fills.
        queries: named queries over marts and ``ml``; ``%(as_of)s`` is the last complete day.
        answer: the pure function.
        libraries: whose versions belong to the evidence.
        settings: what of the business's settings decides the answer; anything JSON can hold.
        seed: of everything random in it.
        method_version: raise it when a change of the method must show in unchanged data.
    """

    name: str
    group: str
    tables: Mapping[str, str]
    queries: Mapping[str, str]
    answer: Callable[[Inputs], Answer]
    libraries: Sequence[str]
    settings: Callable[[Business], object] = lambda _: None
    seed: int | None = None
    method_version: int = 1

    @property
    def reads(self) -> list[dg.AssetKey]:
        """The tables that its queries name."""
        found = {match for query in self.queries.values() for match in _READ_TABLE.findall(query)}
        return [dg.AssetKey(list(key)) for key in sorted(found)]

    def versions(self) -> dict[str, str]:
        """Of the libraries."""
        return {name: version(name) for name in self.libraries}


def build_asset(task: Task) -> dg.AssetsDefinition:
    """One step with an asset per table."""

    @dg.multi_asset(
        name=task.name,
        specs=[
            dg.AssetSpec(
                ["ml", name],
                deps=[key for key in task.reads if key.path[-1] not in task.tables],
                group_name=task.group,
                description=description,
                owners=[OWNER_BY_GROUP[task.group]],
                kinds={"python", "postgres"},
            )
            for name, description in task.tables.items()
        ],
    )
    def step(
        context: dg.AssetExecutionContext, business: BusinessResource, options: RunOptions
    ) -> Iterator[dg.MaterializeResult[object]]:
        try:
            warehouse = business.warehouse()
            outcome = run_task(task, warehouse, context.run_id, as_of_date=options.as_of)
        except HubError as error:
            raise user_failure(error) from None
        context.log.info(f"{task.name}: {outcome}")
        for name in task.tables:
            yield dg.MaterializeResult(
                asset_key=["ml", name],
                metadata={**table_metadata(warehouse, "ml", ["ml", name]), "outcome": outcome},
            )

    return step


def run_task(
    task: Task, warehouse: Warehouse, run_id: str, *, as_of_date: date | None = None
) -> str:
    """Answer a task unless its inputs are those of its last run; says what became of it."""
    ensure_ml_tables(warehouse)
    inputs = _read(task, warehouse, as_of_date)
    fingerprint = _fingerprint(task, inputs)
    if fingerprint == _last_fingerprint(warehouse, task):
        return "unchanged"
    answer = task.answer(inputs)
    with warehouse.connect("ml") as connection:
        _store(connection, task, inputs, answer, f"{run_id}:{task.name}", fingerprint)
    refused = f", {len(answer.refusals):,} refused" if len(answer.refusals) else ""
    return f"answered from {answer.observations:,} observations{refused}"


def _read(task: Task, warehouse: Warehouse, as_of_date: date | None) -> Inputs:
    with warehouse.connect("ml") as connection:
        connection.adapters.register_loader("numeric", FloatLoader)
        # A day that is not over yet would look like a bad one.
        row = connection.execute(
            "select max(sale_date) from marts.rpt_sales_daily where sale_date < %s",
            (warehouse.business.today(),),
        ).fetchone()
        last = as_of_date or (row[0] if row else None)
        frames = {}
        for name, query in task.queries.items():
            cursor = connection.execute(query, {"as_of": last})
            columns = [column.name for column in cursor.description or ()]
            frames[name] = pd.DataFrame(cursor.fetchall(), columns=columns)
    return Inputs(frames, last, warehouse.business)


def _fingerprint(task: Task, inputs: Inputs) -> str:
    """Equal for equal data, settings, method and libraries."""
    digest = hashlib.sha256()
    for name, frame in sorted(inputs.frames.items()):
        digest.update(name.encode())
        hashes = pd.util.hash_pandas_object(frame.astype(str), index=False)
        digest.update(hashes.to_numpy().tobytes())
    rest = [
        str(inputs.as_of_date), task.settings(inputs.business), task.method_version, task.seed,
        task.versions(),
    ]  # fmt: skip
    digest.update(json.dumps(rest, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def _last_fingerprint(warehouse: Warehouse, task: Task) -> str | None:
    with warehouse.connect("ml") as connection:
        row = connection.execute(
            "select input_fingerprint from ml.model_runs where task = %s "
            "order by created_at desc limit 1",
            (task.name,),
        ).fetchone()
    return None if row is None else str(row[0])


def _store(
    connection: psycopg.Connection,
    task: Task,
    inputs: Inputs,
    answer: Answer,
    run_id: str,
    fingerprint: str,
) -> None:
    first, last = answer.window or (None, None)
    reasons = " ".join(answer.refusals["reason"].unique()[:3]) if len(answer.refusals) else None
    connection.execute(
        "insert into ml.model_runs (run_id, task, as_of_date, window_start_date, window_end_date, "
        "observations_count, status, reason, seed, parameters, input_fingerprint, versions) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            run_id, task.name, inputs.as_of_date, first, last, answer.observations,
            "refused" if answer.is_refused else "done", reasons, task.seed,
            json.dumps(answer.parameters, default=float), fingerprint, json.dumps(task.versions()),
        ),
    )  # fmt: skip
    evidence = {"evaluations": answer.evaluations, "refusals": answer.refusals}
    for name, rows in evidence.items():
        _copy(connection, name, rows.assign(run_id=run_id))
    for name in task.tables:
        connection.execute(sql.SQL("delete from ml.{}").format(sql.Identifier(name)))
        _copy(connection, name, answer.tables[name].assign(run_id=run_id))


def _copy(connection: psycopg.Connection, table: str, rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    statement = sql.SQL("copy ml.{} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    )
    plain = rows.astype(object).where(rows.notna(), None)
    with connection.cursor().copy(statement) as copy:
        for row in plain.itertuples(index=False):
            copy.write_row(row)
