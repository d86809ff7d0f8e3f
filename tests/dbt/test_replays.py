"""Whatever the order in which raw rows arrive, incremental marts equal a full refresh over them."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.defs.transform.identity import identify_customers
from sandbox.world import WorldSettings
from tests.dbt.building import build
from tests.dbt.replayed_business import (
    Row,
    Sheet,
    Told,
    add_corrected,
    kept_by_the_owner,
    load_files,
    load_told,
    told_by_systems,
)
from tests.dbt.served_business import new_business
from tests.ingestion.clocks import clock_off
from tests.keeping import KeptWarehouse, kept
from warehouse.database import Warehouse
from warehouse.vault import open_vault

Version = TypeVar("Version")
SETTINGS = WorldSettings(seed=7, years=0.06, orders_per_day=12)
FIRST_DAY = date(2026, 9, 12)
BEFORE_THE_END = timedelta(days=8)
# The last load brings little, as most loads do: then whole days and customers stay untouched, and
# show when one that was left behind is not built again.
LATE_RATE = 0.02
# Every incremental model and all that they need.
MODELS = "+config.materialized:incremental"
# Never built anew: they remember by which load something changed (``changed_number``), and that is
# when it was seen; their rows that are in force must not depend on it. What one API forgets and we
# keep, the levels and costs that were seen, no raw row tells again: a full refresh has it of them.
REMEMBERED = {
    "intermediate.int_sale_matches": "canonical_system is not null",
    "intermediate.int_product_identities": "true",
    "marts.fct_order_fees": "payments_count > 0",
}


@dataclass(frozen=True)
class Plan:
    """How rows arrive: everything that a replay needs to be repeated.

    Attributes:
        seed: which rows each load brings, and in which order.
        builds_after: per load, whether the models are built before the next one.
        repeat_rate: the part of the rows that a second load brings again, perhaps an older version.
        hours_ahead: per load, how wrong the computer's clock is.
    """

    seed: int
    builds_after: tuple[bool, ...]
    repeat_rate: float
    hours_ahead: tuple[float, ...]


PLANS = st.builds(
    Plan,
    seed=st.integers(0, 2**32 - 1),
    # Built before and after the last load, and perhaps after the first one.
    builds_after=st.sampled_from([(True, True, True), (False, True, True)]),
    repeat_rate=st.sampled_from([0.0, 0.3]),
    # Set back before the last load, or asleep for a while.
    hours_ahead=st.sampled_from([(9.0, 9.0, 0.0), (0.0, 30.0, -2.0)]),
)


class Replay:
    """A business without rows, and what is to arrive in it.

    No dataclass: a failure is told by its plan, and would show thousands of documents beside it.
    """

    def __init__(self, empty: KeptWarehouse, systems: list[Told], sheets: list[Sheet]) -> None:
        self.empty, self.systems, self.sheets = empty, systems, sheets


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """Two states of a world: what all of its systems told of each, and its owner's files."""
    folder = tmp_path_factory.mktemp("replay")
    warehouse = new_business(folder / "business")
    systems = told_by_systems(SETTINGS, folder / "world", BEFORE_THE_END, warehouse)
    add_corrected(systems, SETTINGS.seed)
    with kept(warehouse) as empty:
        yield Replay(empty, systems, kept_by_the_owner(systems, FIRST_DAY, SETTINGS.seed))


def _arrivals(
    versions: dict[str, list[Version]], plan: Plan, generator: random.Random
) -> list[dict[str, Version]]:
    """By load: the version of each key that it brings.

    Versions arrive in any order; a load brings one of a key, as one answer of a system does.
    """
    loads: list[dict[str, Version]] = [{} for _ in plan.builds_after]
    keys = list(versions)
    generator.shuffle(keys)
    for key in keys:
        told = generator.sample(versions[key], len(versions[key]))
        if generator.random() < plan.repeat_rate:
            told.append(generator.choice(told))
        is_late = generator.random() < LATE_RATE * len(versions[key])
        numbers = generator.sample(range(len(loads) - 1), min(len(told), len(loads) - 1))
        if is_late:
            numbers = [len(loads) - 1, *numbers[1:]]
        for number, version in zip(numbers, told, strict=False):
            loads[number][key] = version
    return loads


def _whole(
    versions: dict[str, list[Version]], plan: Plan, generator: random.Random
) -> list[dict[str, Version]]:
    """By load: all of a list that is read whole each time, and few of it as another version."""
    whole = {key: generator.choice(told) for key, told in versions.items()}
    loads = []
    for _ in plan.builds_after:
        loads.append(whole)
        late = {key for key in versions if generator.random() < LATE_RATE}
        whole = whole | {key: generator.choice(versions[key]) for key in late}
    return loads


def _run(replay: Replay, plan: Plan) -> Warehouse:
    """Load and build as the plan says, from the first row on."""
    warehouse = replay.empty.as_it_was()
    for file in warehouse.business.inbox.glob("*/*.csv"):
        file.unlink()
    generator = random.Random(plan.seed)
    documents = {}
    for told in replay.systems:
        drawn = _arrivals if told.stream.changed_at else _whole
        documents[told.name] = drawn(told.versions, plan, generator)
    rows: dict[str, list[dict[str, Row]]] = {
        sheet.kind: _arrivals(sheet.versions, plan, generator) for sheet in replay.sheets
    }
    is_first = True
    for number, is_built in enumerate(plan.builds_after):
        with clock_off(warehouse, plan.hours_ahead[number]):
            load_told(
                warehouse,
                {name: list(loads[number].values()) for name, loads in documents.items()},
                replay.systems,
            )
            load_files(
                warehouse,
                {kind: list(loads[number].values()) for kind, loads in rows.items()},
                replay.sheets, f"export_{number}.csv",
            )  # fmt: skip
        if is_built and not is_first:
            # Of the records that the last build left, so that who somebody is shows late, too.
            identify_customers(warehouse, open_vault(warehouse), uuid.uuid4().hex)
        if is_built:
            _build(warehouse, MODELS)
            is_first = False
    return warehouse


def _build(warehouse: Warehouse, select: str, *, full_refresh: bool = False) -> None:
    # Checks of amounts against the systems' own reports fail while rows are missing.
    done = build(warehouse, select=select, full_refresh=full_refresh, data_tests=False)
    assert done.returncode == 0, done.stdout[-4000:]


def _in_force(warehouse: Warehouse) -> dict[str, list[str]]:
    """What is remembered and holds now, without the number since which."""
    with warehouse.connect("transformer") as connection:
        return {
            table: sorted(
                row[0]
                for row in connection.execute(
                    f"select (to_jsonb(t) - 'changed_number')::text from {table} as t "
                    f"where {condition}"
                )
            )
            for table, condition in REMEMBERED.items()
        }


def _assert_equal(
    plan: Plan, incremental: dict[str, list[str]], whole: dict[str, list[str]]
) -> None:
    assert incremental.keys() == whole.keys()
    different = {}
    for table, rows in whole.items():
        ours, theirs = Counter(incremental[table]), Counter(rows)
        if ours != theirs:
            different[table] = [*(ours - theirs), "of a full refresh:", *(theirs - ours)][:6]
    assert not different, f"{plan!r} leaves {different}"


@settings(
    max_examples=2, deadline=None, derandomize=True, database=None,
    # An example takes a minute, so a failing plan is told as it is.
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(plan=PLANS)
def test_rows_in_any_order_give_the_marts_of_a_full_refresh(
    plan: Plan, replay: Replay, snapshot: Callable[[Warehouse], dict[str, list[str]]]
) -> None:
    warehouse = _run(replay, plan)
    incremental, remembered = snapshot(warehouse), _in_force(warehouse)
    _build(warehouse, MODELS, full_refresh=True)
    _assert_equal(plan, incremental, snapshot(warehouse))

    with warehouse.connect("transformer") as connection:
        connection.execute(f"truncate {', '.join(REMEMBERED)}")
    _build(warehouse, " ".join(table.split(".")[1] for table in REMEMBERED))
    _assert_equal(plan, remembered, _in_force(warehouse))
