"""The plan of a run: what is due, why, and that nothing stale is left when nothing is."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.dbt import project_manifest, project_variables
from orchestration.definitions import defs
from orchestration.defs.predict.assets import TASKS
from orchestration.ops import services
from orchestration.planning.dashboards import DASHBOARDS
from orchestration.planning.hub import PERSONS, hub_items, left_by, next_of
from orchestration.planning.items import Built, Item, Plan, in_order, plan
from orchestration.planning.project import project_items
from warehouse.database import Warehouse

RAW = "raw_till.orders"


def model(name: str, *reads: str, incremental: bool = False, digest: str = "1") -> Item:
    return Item(
        f"model.hub.{name}", "model", digest, reads, ("marts", name), is_incremental=incremental
    )


def view(name: str, *reads: str) -> Item:
    return Item(f"model.hub.{name}", "view", "1", reads, ("staging", name))


ORDERS = view("orders", RAW)
LEDGER = model("ledger", ORDERS.name, incremental=True)
DAYS = model("days", LEDGER.name, incremental=True)
PAGE = view("page", DAYS.name)
TEST = Item("test.hub.days_add_up", "test", "1", (DAYS.name,))
FORECAST = Item("task.forecast", "task", "1", (DAYS.name,), writes=("ml.forecast",), waits=True)
OUTLOOK = model("outlook", "ml.forecast")
CALENDAR = model("calendar")
HUB = [ORDERS, LEDGER, DAYS, PAGE, TEST, FORECAST, OUTLOOK, CALENDAR]
BUILT = {item.name: Built("1", 10) for item in HUB}
PRESENT = {item.relation for item in HUB if item.relation}
CHANGES = {RAW: 9, "ml.forecast": 9}


def plan_of(
    hub: list[Item] = HUB, changes: dict[str, int] = CHANGES, built: dict[str, Built] = BUILT
) -> Plan:
    return plan(hub, changes, built, {item.relation for item in hub if item.relation})


def test_nothing_is_due_when_nothing_changed() -> None:
    assert plan_of().reasons == {}


def test_a_load_makes_due_what_follows_from_its_table_and_nothing_else() -> None:
    found = plan_of(changes={**CHANGES, RAW: 11})

    assert found.reasons == {
        # The view shows the new rows as it is.
        LEDGER.name: "orders changed",
        DAYS.name: "after ledger",
        TEST.name: "after days",
        FORECAST.name: "after days",
    }
    assert set(found.ready) == set(found.reasons)


def test_what_hangs_on_an_answer_waits_for_it_and_stays_as_it_is_if_it_is_the_same() -> None:
    due = {**BUILT, OUTLOOK.name: Built("0", 10)}
    first = plan_of(changes={**CHANGES, RAW: 11}, built=due)
    assert OUTLOOK.name in first.reasons
    assert OUTLOOK.name not in first.ready

    answered = dict.fromkeys([LEDGER.name, DAYS.name, TEST.name, FORECAST.name], Built("1", 12))
    same = plan_of(changes={**CHANGES, RAW: 11}, built={**BUILT, **answered})
    assert same.reasons == {}
    another = plan_of(changes={**CHANGES, RAW: 11, "ml.forecast": 13}, built={**BUILT, **answered})
    assert another.reasons == {OUTLOOK.name: "ml.forecast changed"}


def test_a_view_is_made_anew_only_if_what_it_shows_is_another_table() -> None:
    over_view = model("report", PAGE.name)
    hub = [*HUB, over_view]
    built = {**BUILT, over_view.name: Built("1", 10)}
    changes = {**CHANGES, RAW: 11}
    added_to = plan_of(hub, changes, built)
    assert PAGE.name not in added_to.reasons
    assert added_to.reasons[over_view.name] == "after page"

    tables = [replace(item, is_incremental=False) if item == DAYS else item for item in hub]
    assert plan_of(tables, changes, built).reasons[PAGE.name] == "after days"
    # New code makes another table of an incremental model, too.
    edited = [replace(item, digest="2") if item == DAYS else item for item in hub]
    assert plan_of(edited, CHANGES, built).reasons[PAGE.name] == "after days"


def test_customers_are_matched_when_what_their_records_show_is_done() -> None:
    records = view("customer_records", LEDGER.name)
    persons = Item(PERSONS, "task", "1", (records.name,), writes=("ml.persons",), waits=True)
    hub = [ORDERS, LEDGER, records, persons]
    built = {item.name: Built("1", 10) for item in hub}
    changes = {RAW: 11}
    todo = plan_of(hub, changes, built)
    assert todo.reasons[persons.name] == "after customer_records"
    assert todo.moved == {records.name}
    assert next_of(hub, todo, None) == [LEDGER.name]
    todo = plan_of(hub, changes, {**built, LEDGER.name: Built("1", 12)})
    assert next_of(hub, todo, None) == [persons.name]
    todo = plan_of(hub, changes, built | dict.fromkeys([LEDGER.name, persons.name], Built("1", 12)))
    assert next_of(hub, todo, None) == []


def test_a_table_that_came_out_as_it_was_makes_nothing_due() -> None:
    same = {**BUILT, LEDGER.name: Built("1", 12, changed_number=10)}
    assert plan_of(changes={**CHANGES, RAW: 11}, built=same).reasons == {}
    another = {**BUILT, LEDGER.name: Built("1", 12, changed_number=12)}
    assert plan_of(changes={**CHANGES, RAW: 11}, built=another).reasons[DAYS.name] == (
        "ledger changed"
    )


def test_what_failed_stays_due_with_what_follows_from_it() -> None:
    built = {**BUILT, LEDGER.name: Built("1", 12)}  # the days after it failed
    found = plan_of(changes={**CHANGES, RAW: 11}, built=built)
    assert found.reasons[DAYS.name] == "ledger changed"
    assert LEDGER.name not in found.reasons


def test_what_reads_a_table_that_failed_is_not_made_of_its_old_rows() -> None:
    due = {name: Built("0", 10) for name in BUILT}
    found = plan(HUB, CHANGES, due, PRESENT, failed={LEDGER.name})
    assert set(found.reasons) == {ORDERS.name, OUTLOOK.name, CALENDAR.name}
    # A forecast that failed leaves the last one.
    found = plan(HUB, CHANGES, due, PRESENT, failed={FORECAST.name})
    assert set(found.reasons) == set(BUILT) - {FORECAST.name}


def test_new_code_rebuilds_an_incremental_model_and_those_after_it_whole() -> None:
    hub = [replace(item, digest="2") if item == LEDGER else item for item in HUB]
    found = plan_of(hub)
    assert found.reasons[LEDGER.name] == "its code or a setting changed"
    assert found.rebuilt == {LEDGER.name, DAYS.name}


def test_what_is_kept_is_never_built_whole_but_what_follows_from_it_is() -> None:
    kept = replace(LEDGER, is_kept=True)
    changed = [replace(kept, digest="2") if item == LEDGER else item for item in HUB]
    assert plan_of(changed).reasons[LEDGER.name] == "its code or a setting changed"
    assert plan_of(changed).rebuilt == {DAYS.name}
    first = [kept if item == LEDGER else item for item in HUB]
    assert plan_of(first, built={}).rebuilt == {DAYS.name}


def test_a_corrected_setting_rebuilds_whole_what_is_incremental_and_reads_it() -> None:
    settings = view("settings", "settings.business")
    hub = [settings, replace(LEDGER, reads=(ORDERS.name, settings.name)), *HUB[2:], ORDERS]
    changes = {**CHANGES, "settings.business": 8}
    built = {**BUILT, settings.name: Built("1", 9)}
    assert plan_of(hub, changes, built).rebuilt == frozenset()
    corrected = plan_of(hub, {**changes, "settings.business": 11}, built)
    assert corrected.reasons[LEDGER.name] == "settings changed"
    assert corrected.rebuilt == {LEDGER.name, DAYS.name}


def test_a_relation_that_was_dropped_is_built_again() -> None:
    found = plan(HUB, CHANGES, BUILT, PRESENT - {PAGE.relation})
    assert found.reasons == {PAGE.name: "is not there"}


def test_an_answer_waits_for_the_feature_that_fell_with_its_table() -> None:
    feature = replace(view("ftr_days", DAYS.name), relation=("features", "ftr_days"))
    answer = replace(FORECAST, reads=(feature.name,))
    hub = [ORDERS, LEDGER, DAYS, feature, answer]
    built = {item.name: Built("1", 10) for item in hub}
    found = plan(hub, CHANGES, built, PRESENT)
    assert found.reasons == {feature.name: "is not there", answer.name: "after ftr_days"}
    assert found.ready == (feature.name, answer.name)
    # Without it, the last answer stays.
    assert plan(hub, CHANGES, built, PRESENT, failed={feature.name}).reasons == {}


def test_new_sales_leave_answers_with_all_that_feeds_them(
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    items = {item.name: item for item in hub_items(warehouse_factory())}
    features = {name for name, item in items.items()
                if item.relation and item.relation[0] == "features"}  # fmt: skip
    answers = {f"task.{task.name}" for task in TASKS}
    assert {name for answer in answers for name in items[answer].reads} == features
    tests = {name for name, item in items.items()
             if item.kind == "test" and features & {*item.reads}}  # fmt: skip
    assert "model.hub.ftr_as_of" in features
    assert tests
    messages = {name for name, item in items.items() if item.kind == "publication"}
    messages -= {DASHBOARDS}
    assert left_by("sales", items.values()) == features | tests | answers | messages
    assert not left_by("predict", items.values()) & (features | tests | answers)
    assert left_by(None, items.values()) == set()


def test_what_was_done_is_due_again_only_if_something_changed_since_and_what_failed_never() -> None:
    changed = {**CHANGES, RAW: 11}
    names = set(plan_of(changes=changed).ready)
    again = plan(HUB, changed, BUILT, PRESENT, done=names)
    assert set(again.ready) == names
    assert plan(HUB, changed, BUILT, PRESENT, failed=names).reasons == {}


def test_everything_can_be_asked_for_once() -> None:
    asked = plan(HUB, CHANGES, BUILT, PRESENT, everything=True)
    assert set(asked.reasons) == {item.name for item in HUB}
    assert set(asked.reasons.values()) <= {"asked for"} | {
        f"after {item.name.split('.')[-1]}" for item in HUB
    }
    assert asked.rebuilt == frozenset()
    rest = plan(HUB, CHANGES, BUILT, PRESENT, everything=True, done=set(asked.ready))
    assert rest.ready == (OUTLOOK.name,)


@st.composite
def hubs(draw: st.DrawFn) -> list[Item]:
    """Any project: tables, views and incremental models that read any that come before them."""
    names = [f"m{number}" for number in range(draw(st.integers(1, 12)))]
    items: list[Item] = []
    for name in names:
        known = [item.name for item in items] + ["raw.a", "raw.b", "raw.c"]
        reads = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
        make = draw(st.sampled_from([model, view, partial(model, incremental=True)]))
        items.append(make(name, *reads))
    return items


class Simulated:
    """A warehouse whose tables remember which versions of the raw tables they were made from.

    A view falls with each table or view that it shows and that is made anew.
    """

    def __init__(self, hub: list[Item]) -> None:
        self.hub = {item.name: item for item in hub}
        self.number = 1
        self.changes = dict.fromkeys(("raw.a", "raw.b", "raw.c"), 1)
        self.built: dict[str, Built] = {}
        self.rows: dict[str, dict[str, int]] = {}
        self.present: set[str] = set()

    def content(self, name: str) -> dict[str, int]:
        """What a reader sees: raw tables as they are, views through, tables as they were built."""
        if name in self.changes:
            return {name: self.changes[name]}
        item = self.hub[name]
        return self.seen(item) if item.kind == "view" else self.rows.get(name, {})

    def seen(self, item: Item) -> dict[str, int]:
        """What an item would be made from now."""
        found: dict[str, int] = {}
        for name in item.reads:
            for raw, version in self.content(name).items():
                found[raw] = min(version, found.get(raw, version))
        return found

    def plan(self) -> Plan:
        """What is due."""
        items = self.hub.values()
        present = {item.relation for item in items if item.relation and item.name in self.present}
        return plan(items, self.changes, self.built, present)

    def load(self, table: str) -> None:
        """A raw table changes."""
        self.number += 1
        self.changes[table] = self.number

    def run(self, failing: random.Random | None = None) -> None:
        """Build what is due; what fails, and what follows from it, is not built."""
        self.number += 1
        failed: set[str] = set()
        todo = self.plan()
        for name in todo.reasons:
            item = self.hub[name]
            if failed & set(item.reads) or (failing and failing.random() < 0.3):
                failed.add(name)
            else:
                self._make(item, is_whole=not item.is_incremental or name in todo.rebuilt)

    def _make(self, item: Item, *, is_whole: bool) -> None:
        rows, before = self.seen(item), self.built.get(item.name)
        is_same = before is not None and self.rows.get(item.name) == rows
        self.rows[item.name] = rows
        changed = before.changed_number if before and is_same else self.number
        self.built[item.name] = Built(item.digest, self.number, changed)
        if is_whole:
            self._fall(item.name)
        self.present.add(item.name)

    def _fall(self, name: str) -> None:
        for other in self.hub.values():
            if other.kind == "view" and name in other.reads:
                self.present.discard(other.name)
                self._fall(other.name)


@settings(max_examples=200, deadline=None)
@given(
    hubs(),
    st.lists(st.tuples(st.sampled_from(["raw.a", "raw.b", "raw.c"]), st.integers(0, 2**16)),
             max_size=6),
)  # fmt: skip
def test_after_any_loads_and_failures_a_run_leaves_nothing_stale(
    hub: list[Item], events: list[tuple[str, int]]
) -> None:
    warehouse = Simulated(hub)
    for table, seed in events:
        warehouse.run(random.Random(seed))
        warehouse.load(table)
    warehouse.run()

    for item in hub:
        newest = {raw: warehouse.changes[raw] for raw in _raw_behind(item, hub, warehouse.changes)}
        assert warehouse.content(item.name) == newest
    assert warehouse.present == {item.name for item in hub}
    assert warehouse.plan().reasons == {}


def _raw_behind(item: Item, hub: list[Item], changes: dict[str, int]) -> set[str]:
    by_name = {one.name: one for one in hub}
    found: set[str] = set()
    for name in item.reads:
        found |= {name} if name in changes else _raw_behind(by_name[name], hub, changes)
    return found


def test_what_superset_has_cached_goes_whenever_a_mart_was_built(
    warehouse_factory: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "superset_is_installed", lambda: False)
    assert DASHBOARDS not in {item.name for item in hub_items(warehouse_factory())}
    monkeypatch.setattr(services, "superset_is_installed", lambda: True)
    items = {item.name: item for item in hub_items(warehouse_factory())}
    marts = {name for name, item in items.items() if item.relation and item.relation[0] == "marts"}
    assert "model.hub.rpt_sales_daily" in marts
    assert set(items[DASHBOARDS].reads) == marts


def test_items_come_after_what_they_read_also_through_the_tables_of_an_answer() -> None:
    shuffled = [OUTLOOK, TEST, FORECAST, PAGE, DAYS, LEDGER, ORDERS]
    names = [item.name for item in in_order(shuffled)]
    assert names.index(ORDERS.name) < names.index(LEDGER.name) < names.index(DAYS.name)
    assert names.index(FORECAST.name) < names.index(OUTLOOK.name)


@pytest.fixture
def manifest() -> dict[str, object]:
    """dbt's manifest of one incremental model that calls one macro only where it is built anew."""
    macro = {
        "name": "changed", "package_name": "hub",
        "macro_sql": "{% macro changed() %}1{% endmacro %}",
        "depends_on": {"macros": []},
    }  # fmt: skip
    node = {
        "resource_type": "model", "schema": "marts", "alias": "ledger", "columns": {},
        "checksum": {"checksum": "x"},
        "depends_on": {"nodes": ["source.hub.till.orders"], "macros": []},
        "config": {"materialized": "incremental", "meta": {}}, "description": "",
        "raw_code": "{% if is_incremental() %}{{ changed() }}{% endif %}",
    }  # fmt: skip
    return {
        "metadata": {"project_name": "hub", "dbt_version": "1.12.6"},
        "macros": {"macro.hub.changed": macro},
        "nodes": {"model.hub.ledger": node},
        "sources": {"source.hub.till.orders": {"schema": "raw_till", "identifier": "orders"}},
    }


def test_a_macro_that_only_an_incremental_build_calls_belongs_to_the_code(
    manifest: dict[str, dict[str, dict[str, str]]],
) -> None:
    (before,) = project_items(manifest, {})
    assert before.reads == (RAW,)
    manifest["macros"]["macro.hub.changed"]["macro_sql"] = "{% macro changed() %}2{% endmacro %}"
    (after,) = project_items(manifest, {})
    assert after.digest != before.digest


@pytest.mark.parametrize("where", ["in the model", "in a macro", "in a default"])
def test_another_value_of_a_variable_makes_due_what_reads_it(
    where: str, manifest: dict[str, dict[str, dict[str, str]]]
) -> None:
    read = "{{ var('dead_stock_days') }}"
    if where == "in a macro":
        macro = manifest["macros"]["macro.hub.changed"]
        macro["macro_sql"] = "{% macro changed() %}" + read + "{% endmacro %}"
    elif where == "in a default":
        read = "{{ var('unknown', var('dead_stock_days')) }}"
    if where != "in a macro":
        manifest["nodes"]["model.hub.ledger"]["raw_code"] = read
    digests = {
        days: next(iter(project_items(manifest, {"dead_stock_days": days, "other": other}))).digest
        for days, other in ((90, 1), (60, 1))
    }
    assert digests[90] != digests[60]
    (unread,) = project_items(manifest, {"dead_stock_days": 90, "other": 2})
    assert unread.digest == digests[90]


@pytest.mark.parametrize(
    "part",
    [
        {"columns": {"amount": {"data_type": "numeric(28,6)"}}},
        {"columns": {"amount": {"data_type": "text", "constraints": [{"type": "not_null"}]}}},
        {"constraints": [{"type": "primary_key", "columns": ["amount"]}]},
        {"config": {"materialized": "table", "meta": {}}},
        {"config": {"materialized": "incremental", "meta": {"location_managers": "none"}}},
        {"config": {"materialized": "incremental", "meta": {}, "post-hook": ["analyze"]}},
        {"checksum": {"checksum": "y"}},
    ],
    ids=json.dumps,
)
def test_each_part_of_what_makes_a_table_belongs_to_the_code(
    part: dict[str, object], manifest: dict[str, dict[str, dict[str, object]]]
) -> None:
    node = manifest["nodes"]["model.hub.ledger"]
    node["columns"] = {"amount": {"data_type": "text"}}
    (before,) = project_items(manifest, {})
    node |= part
    (after,) = project_items(manifest, {})
    assert after.digest != before.digest


def test_another_table_under_the_name_of_a_source_makes_due_what_reads_it(
    manifest: dict[str, dict[str, dict[str, str]]],
) -> None:
    (before,) = project_items(manifest, {})
    manifest["sources"]["source.hub.till.orders"]["identifier"] = "orders_of_the_new_till"
    (after,) = project_items(manifest, {})
    assert after.digest != before.digest


def test_another_row_of_a_large_seed_makes_it_due(
    manifest: dict[str, dict[str, dict[str, object]]], tmp_path: Path
) -> None:
    seed = tmp_path / "postcodes.csv"
    node = manifest["nodes"]["model.hub.ledger"]
    # Thus dbt notes a file of more than a megabyte.
    node |= {
        "resource_type": "seed", "raw_code": "", "original_file_path": str(seed),
        "checksum": {"name": "path", "checksum": str(seed)},
    }  # fmt: skip
    seed.write_text("postcode\n8000\n")
    (before,) = project_items(manifest, {})
    seed.write_text("postcode\n8001\n")
    (after,) = project_items(manifest, {})
    assert after.digest != before.digest


def test_a_description_is_no_code(manifest: dict[str, dict[str, dict[str, str]]]) -> None:
    (before,) = project_items(manifest, {})
    manifest["nodes"]["model.hub.ledger"]["description"] = "All sales."
    (after,) = project_items(manifest, {})
    assert after.digest == before.digest


def test_a_mart_is_stale_only_if_it_is_made_anew_each_day() -> None:
    items = in_order(project_items(project_manifest(), project_variables()))
    built = {item.name: Built(item.digest, 10) for item in items}
    present = [item.relation for item in items if item.relation]
    on_the_next_day = plan(items, {"settings.clock": 11}, built, present).reasons
    made_daily = {
        dg.AssetKey([*item.relation])
        for item in items
        if item.name in on_the_next_day and item.relation and item.relation[0] == "marts"
    }
    graph = defs.resolve_asset_graph()
    marts = {key for key in graph.materializable_asset_keys if key.path[0] == "marts"}
    assert {key for key in marts if graph.get(key).freshness_policy} == made_daily
    assert dg.AssetKey(["marts", "rpt_today"]) in made_daily
    assert dg.AssetKey(["marts", "rpt_sales_daily"]) not in made_daily
