"""All that a run of the hub can bring up to date, in an order in which it can be done."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from orchestration.defs.check.suites import SUITES
from orchestration.defs.predict.assets import TASKS
from orchestration.defs.publish.assets import publication_items
from orchestration.defs.transform import identity
from orchestration.planning import record
from orchestration.planning.items import Item, Plan, digest_of, in_order, plan
from orchestration.planning.project import dbt_items
from warehouse.business import Business
from warehouse.database import Warehouse

Stage = Literal["load", "model", "predict", "check"]
CLOCK = "settings.clock"  # moves with the day that the business is looked at from


def plan_for(
    warehouse: Warehouse,
    *,
    everything: bool = False,
    done: Collection[str] = (),
    failed: Collection[str] = (),
) -> Plan:
    """What is due in a business now; the arguments are those of :func:`planning.items.plan`."""
    with warehouse.connect("transformer") as connection:
        return plan(
            hub_items(warehouse),
            record.changes(connection),
            record.built(connection),
            record.present(connection),
            everything=everything,
            done=done,
            failed=failed,
        )


def is_of_stage(name: str, stage: Stage | None) -> bool:
    """Whether `hub run --only` does an item at a stage; without one, everything is done."""
    if stage in ("model", "predict") and name.startswith("publication."):
        return False
    is_answer = name.startswith("task.") and name != f"task.{identity.NAME}"
    return stage != "model" or not is_answer


def hub_items(warehouse: Warehouse) -> list[Item]:
    """Models, tests, answers, suites and publications, each after what it reads."""
    models = dbt_items()
    made_by = {".".join(item.relation): item.name for item in models if item.relation}
    others = [
        *_task_items(warehouse.business, made_by),
        *_suite_items(made_by),
        *publication_items(warehouse, made_by),
    ]
    return in_order([*models, *others])


def _task_items(business: Business, made_by: dict[str, str]) -> Iterator[Item]:
    yield Item(
        name=f"task.{identity.NAME}",
        kind="task",
        digest=digest_of(identity.said(business)),
        reads=tuple(made_by.get(table, table) for table in identity.READS),
        writes=identity.WRITES,
    )
    for task in TASKS:
        tables = (".".join(key.path) for key in task.reads)
        yield Item(
            name=f"task.{task.name}",
            kind="task",
            digest=digest_of(task.said(business)),
            reads=(CLOCK, *(made_by.get(table, table) for table in tables)),
            writes=tuple(f"ml.{name}" for name in task.tables),
            waits=True,
        )


def _suite_items(made_by: dict[str, str]) -> Iterator[Item]:
    for suite in SUITES:
        table = f"{suite.schema}.{suite.table}"
        yield Item(
            name=suite.item,
            kind="suite",
            digest=suite.digest,
            reads=(made_by.get(table, table),),
        )
