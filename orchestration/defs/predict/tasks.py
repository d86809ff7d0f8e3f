"""Runs the tasks of the models: reads features, skips what was answered already, keeps evidence.

A task is a pure function of :mod:`ml` with the feature models that feed it; its answers go to
tables of the schema ``ml``, beside the run, its evaluations and its refusals.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import version
from typing import Any

import dagster as dg
import pandas as pd
import psycopg
from psycopg import sql
from psycopg.types.numeric import FloatLoader

from ml.evidence import evaluation_rows, refusal_rows
from orchestration.ml_tables import ensure_ml_tables
from orchestration.ownership import OWNER_BY_GROUP
from orchestration.planning.items import digest_of
from orchestration.planning.work import noted
from orchestration.previews import table_metadata
from orchestration.resources import BusinessResource, RunOptions, user_failure
from warehouse.business import Business
from warehouse.changes import next_load_number, note_changes
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.settings_tables import store_settings
from warehouse.turns import landing

FEATURES = "features"  # the schema of the models that feed tasks
AS_OF = "ftr_as_of"  # the date that all features are as of


@dataclass(frozen=True)
class Inputs:
    """What a task answers from.

    Attributes:
        frames: the rows of each feature, by the input's name; numbers are floats, days are dates.
        as_of_date: the last complete day.
        business: the owner's settings.
    """

    frames: Mapping[str, pd.DataFrame]
    as_of_date: date
    business: Business

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]


@dataclass(frozen=True)
class Answer:
    """What a task found.

    Attributes:
        tables: rows of the task's tables, by name, without ``run_id``.
        evaluations: by :mod:`ml.evidence`: how a model did on what it had not seen, the rules it
            has to beat beside it.
        refusals: by :mod:`ml.evidence`: what could not be answered, and what is missing.
        observations: how many rows, series or customers it rests on.
        parameters: what was fitted, for the record.
    """

    tables: Mapping[str, pd.DataFrame]
    evaluations: pd.DataFrame = field(default_factory=evaluation_rows)
    refusals: pd.DataFrame = field(default_factory=refusal_rows)
    observations: int = 0
    window: tuple[date, date] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Nothing at all could be answered."""
        return all(rows.empty for rows in self.tables.values())


def window_of(days: "pd.Series[date]") -> tuple[date, date] | None:
    """The first and the last day of some rows."""
    return None if days.empty else (days.min(), days.max())


@dataclass(frozen=True)
class Task:
    """A question that a model answers in each run.

    Attributes:
        name: of the step and in ``ml.model_runs``.
        tables: description of each table of the schema ``ml`` that it fills.
        reads: the feature model behind each input, by the input's name.
        answer: the pure function.
        libraries: whose versions belong to the evidence.
        settings: what of the business's settings decides the answer; anything JSON can hold.
        seed: of everything random in it.
        method_version: raise it when a change of the method must show in unchanged data.
    """

    name: str
    group: str
    tables: Mapping[str, str]
    reads: Mapping[str, str]
    answer: Callable[[Inputs], Answer]
    libraries: Sequence[str]
    settings: Callable[[Business], object] = lambda _: None
    seed: int | None = None
    method_version: int = 1

    @property
    def features(self) -> list[str]:
        """The feature models that it reads, each once."""
        return sorted({AS_OF, *self.reads.values()})

    def said(self, business: Business) -> list[object]:
        """What decides the answer beside the rows: equal for an equal method and settings."""
        return [
            self.settings(business), self.method_version, self.seed, self.versions(),
            sorted(self.reads.items()),
        ]  # fmt: skip

    def versions(self) -> dict[str, str]:
        """Of the libraries."""
        return versions_of(self.libraries)


def versions_of(libraries: Iterable[str]) -> dict[str, str]:
    """The installed versions of libraries, by their names."""
    return {name: _version(name) for name in libraries}


@cache
def _version(library: str) -> str:
    """Read once: each plan of a run asks for those of all tasks."""
    return version(library)


def build_asset(task: Task) -> dg.AssetsDefinition:
    """One step with an asset per table."""

    @dg.multi_asset(
        name=task.name,
        specs=[
            dg.AssetSpec(
                ["ml", name],
                deps=[dg.AssetKey([FEATURES, feature]) for feature in task.features],
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
            store_settings(warehouse, options.as_of)
            with noted(warehouse, f"task.{task.name}", digest_of(task.said(warehouse.business))):
                outcome = run_task(task, warehouse, context.run.run_id)
        except HubError as error:
            raise user_failure(error) from None
        context.log.info(f"{task.name}: {outcome}")
        for name in task.tables:
            yield dg.MaterializeResult(
                asset_key=["ml", name],
                metadata={**table_metadata(warehouse, "ml", ["ml", name]), "outcome": outcome},
            )

    return step


def run_task(task: Task, warehouse: Warehouse, run_id: str) -> str:
    """Answer a task unless its inputs are those of its last run; says what became of it.

    Raises:
        HubError: a feature that it reads is not built.
    """
    ensure_ml_tables(warehouse)
    inputs = _read(task, warehouse)
    fingerprint = _fingerprint(task, inputs, warehouse.business)
    if fingerprint == _last_fingerprint(warehouse, task.name):
        return "unchanged"
    answer = task.answer(inputs) if inputs else _nothing_sold(task)
    # As a load does: a build must not pass the number before the rows that it stands for are there.
    with landing(warehouse), warehouse.connect("ml") as connection:
        as_of_date = inputs.as_of_date if inputs else None
        _store(connection, task, as_of_date, answer, f"{run_id}:{task.name}", fingerprint)
        tables = ("model_runs", "evaluations", "refusals", *task.tables)
        note_changes(connection, [("ml", name) for name in tables], next_load_number(connection))
    refused = f", {len(answer.refusals):,} refused" if len(answer.refusals) else ""
    return f"answered from {answer.observations:,} observations{refused}"


def _nothing_sold(task: Task) -> Answer:
    reason = "Not enough data: there are no counted sales yet."
    return Answer(
        tables={name: pd.DataFrame() for name in task.tables},
        refusals=refusal_rows([(task.name, 0, reason)]),
    )


def _read(task: Task, warehouse: Warehouse) -> Inputs | None:
    """The inputs of a task, all from one moment; none before the first complete day."""
    with warehouse.connect("ml") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.adapters.register_loader("numeric", FloatLoader)
        try:
            as_of_date = rows_of(connection, AS_OF)["as_of_date"].iloc[0]
            if as_of_date is None:
                return None
            frames = {name: rows_of(connection, model) for name, model in task.reads.items()}
        except psycopg.errors.UndefinedTable as error:
            raise HubError(
                f"{task.name} cannot read its inputs: {error.diag.message_primary}.",
                fix="Build the models first: hub run",
            ) from None
    return Inputs(frames, as_of_date, warehouse.business)


def rows_of(connection: psycopg.Connection, feature: str) -> pd.DataFrame:
    """The rows of a feature, ordered by its columns from left to right: its key comes first."""
    relation = sql.Identifier(FEATURES, feature)
    found = connection.execute(sql.SQL("select * from {} limit 0").format(relation))
    columns = [column.name for column in found.description or ()]
    key = sql.SQL(", ").join(map(sql.Identifier, columns))
    rows = connection.execute(sql.SQL("select * from {} order by {}").format(relation, key))
    return pd.DataFrame(rows.fetchall(), columns=columns)


def _fingerprint(task: Task, inputs: Inputs | None, business: Business) -> str:
    """Equal for equal data, settings, method and libraries."""
    digest = hashlib.sha256()
    for name, frame in sorted(inputs.frames.items() if inputs else ()):
        digest.update(name.encode())
        hashes = pd.util.hash_pandas_object(frame, index=False)
        digest.update(hashes.to_numpy().tobytes())
    said = [inputs.as_of_date if inputs else None, task.said(business)]
    digest.update(digest_of(said).encode())
    return digest.hexdigest()


def _last_fingerprint(warehouse: Warehouse, task: str) -> str | None:
    """What a task's newest run answered from."""
    with warehouse.connect("ml") as connection:
        row = connection.execute(
            "select input_fingerprint from ml.model_runs where task = %s "
            "order by created_at desc limit 1",
            (task,),
        ).fetchone()
    return None if row is None else str(row[0])


def _store(
    connection: psycopg.Connection,
    task: Task,
    as_of_date: date | None,
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
            run_id, task.name, as_of_date, first, last, answer.observations,
            "refused" if answer.is_refused else "done", reasons, task.seed,
            json.dumps(answer.parameters, default=float), fingerprint, json.dumps(task.versions()),
        ),
    )  # fmt: skip
    evidence = {"evaluations": answer.evaluations, "refusals": answer.refusals}
    for name, rows in evidence.items():
        copy_rows(connection, ("ml", name), rows.assign(run_id=run_id))
    for name in task.tables:
        connection.execute(sql.SQL("delete from ml.{}").format(sql.Identifier(name)))
        copy_rows(connection, ("ml", name), answer.tables[name].assign(run_id=run_id))


def copy_rows(connection: psycopg.Connection, table: tuple[str, ...], rows: pd.DataFrame) -> None:
    """Append rows to a table, named by its parts; missing values are null."""
    if rows.empty:
        return
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(*table), sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    )
    plain = rows.astype(object).where(rows.notna(), None)
    with connection.cursor().copy(statement) as copy:
        for row in plain.itertuples(index=False):
            copy.write_row(row)
