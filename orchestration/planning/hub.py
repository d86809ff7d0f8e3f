"""All that a run of the hub can bring up to date, in an order in which it can be done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from orchestration.defs.check.suites import SUITES
from orchestration.defs.predict.assets import TASKS
from orchestration.defs.predict.tasks import FEATURES
from orchestration.defs.publish.assets import publication_items
from orchestration.defs.transform import identity
from orchestration.planning import record
from orchestration.planning.dashboards import DASHBOARDS
from orchestration.planning.items import Item, Plan, digest_of, in_order, needed_for, plan
from orchestration.planning.project import dbt_items
from warehouse.business import Business
from warehouse.database import Warehouse

Stage = Literal["load", "sales", "model", "predict", "check"]
# The dashboard Today, which a run of new sales makes first.
TODAY = ("marts.rpt_today", "marts.rpt_today_hours", "marts.rpt_today_sales")
# Most of what reports as of a date is not due while that date stays.
REPORT_DATE = "marts.dim_report_date"
PERSONS = f"task.{identity.NAME}"


def plan_for(
    warehouse: Warehouse,
    stage: Stage | None = None,
    *,
    everything: bool = False,
    done: Collection[str] = (),
    failed: Collection[str] = (),
) -> Plan:
    """What is due in a business now.

    Args:
        warehouse: the business's.
        stage: only what belongs to it.
        everything: as of :func:`planning.items.plan`, like ``done`` and ``failed``.
    """
    items = hub_items(warehouse)
    with warehouse.connect("transformer") as connection:
        return plan(
            items,
            record.changes(connection),
            record.built(connection),
            record.present(connection),
            everything=everything,
            done=done,
            failed=failed,
            left=left_by(stage, items),
        )


def next_of(
    items: Collection[Item],
    todo: Plan,
    stage: Stage | None,
    *,
    most: int | None = None,
    done: Collection[str] = (),
) -> list[str]:
    """What of a plan is done next, in one Dagster run.

    Landed rows are checked before models are built from them, and models are built before anything
    reads them: so a run has one dbt step, and Dagster has nothing to put between parts of it. New
    sales are made up into *Today* first, once, with the persons known so far.

    Args:
        items: everything, each after what it reads.
        todo: what of it is due.
        stage: what the run is for.
        most: how many models and tests at once, once *Today* is made up; None for any number.
        done: what was done already since the sales came.

    Returns:
        Names of items; none when nothing is left to do.
    """
    landed = [name for name in todo.ready if name.startswith("suite.raw_")]
    wanted = (
        needed_for(items, (*TODAY, REPORT_DATE, *identity.READS)) if stage == "sales" else set()
    )
    is_made_up = not wanted.isdisjoint(done)
    today = [name for name in todo.reasons if name in wanted and _is_of_dbt(name)]
    persons = [
        item.name
        for item in items
        if item.name == PERSONS
        and item.name in todo.ready
        and not {*item.reads} & {*todo.reasons, *todo.moved}
    ]
    models = [name for name in todo.ready if _is_of_dbt(name)][:most]
    return landed or ([] if is_made_up else today) or persons or models or list(todo.ready)


def _is_of_dbt(name: str) -> bool:
    return name.startswith(("model.", "seed.", "snapshot.", "test."))


def left_by(stage: Stage | None, items: Iterable[Item]) -> set[str]:
    """Names of the items that a stage leaves for another time; without one, all is done."""
    left: set[str] = set()
    for item in items:
        if item.kind == "publication":
            # New sales show at once; nobody gets a mail because of one.
            is_shown = stage == "sales" and item.name == DASHBOARDS
            is_left = stage is not None and not is_shown
        elif item.kind == "task":
            is_left = stage in ("model", "sales") and item.name != PERSONS
        else:
            # What feeds answers waits for them, with its tests.
            is_feature = item.relation is not None and item.relation[0] == FEATURES
            is_left = stage == "sales" and (is_feature or bool(left & {*item.reads}))
        if is_left:
            left.add(item.name)
    return left


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
        name=PERSONS,
        kind="task",
        digest=digest_of(identity.said(business)),
        reads=tuple(made_by.get(table, table) for table in identity.READS),
        writes=identity.WRITES,
        waits=True,
    )
    for task in TASKS:
        yield Item(
            name=f"task.{task.name}",
            kind="task",
            digest=digest_of(task.said(business)),
            reads=tuple(made_by[f"{FEATURES}.{feature}"] for feature in task.features),
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
