"""The plan of a run, as a pure function of what changed and what was built.

Everything that a run can bring up to date is an :class:`Item`: models, tests, models' answers,
rule suites, publications. Each reads tables or other items. It is due when its code changed, when
something that it reads changed after it was brought up to date last, or when what it reads is due
itself. Changes are numbers of one sequence (:mod:`warehouse.changes`), so that no clock decides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Literal

from warehouse.changes import TableName

Kind = Literal["model", "view", "seed", "snapshot", "test", "task", "suite", "publication"]
# The business's time zone, currency and places; the day of the clock decides no row of a fact.
SETTINGS_OF_ROWS = ("settings.business", "settings.locations")
# What others read; the rest only looks at what is there.
_BUILDS: frozenset[Kind] = frozenset({"model", "view", "seed", "snapshot"})


@dataclass(frozen=True)
class Item:
    """Something that a run can bring up to date.

    Attributes:
        name: dbt's unique id, or ``task.…``, ``suite.…``, ``publication.…``.
        kind: what it is.
        digest: changes with its code and the settings that it takes directly.
        reads: names of items, and of tables as ``schema.table``.
        relation: the table or view that it makes, None for what makes none.
        writes: further tables that it fills when its answer changes.
        is_incremental: new code rebuilds it and what is incremental after it.
        is_kept: incremental, and never rebuilt (dbt's ``full_refresh: false``): it holds history
            that cannot be recreated.
        waits: what reads its tables is planned only when its answer is there.
    """

    name: str
    kind: Kind
    digest: str
    reads: tuple[str, ...]
    relation: TableName | None = None
    writes: tuple[str, ...] = ()
    is_incremental: bool = False
    is_kept: bool = False
    waits: bool = False

    @property
    def title(self) -> str:
        """Its name as people know it."""
        return ".".join(self.relation) if self.relation else self.name.split(".", 2)[-1]


@dataclass(frozen=True)
class Built:
    """How an item was brought up to date last.

    Attributes:
        digest: of the code that it was built from.
        load_number: up to which it had looked.
        changed_number: at which its rows became others, at most that; None for the same.
        content: a digest of its rows; None for unknown.
    """

    digest: str
    load_number: int
    changed_number: int | None = None
    content: str | None = None


@dataclass(frozen=True)
class Plan:
    """What is due, in an order in which it can be done.

    Attributes:
        reasons: why, by the name of the item.
        ready: what of it can be done now; the rest hangs on answers that are not there yet.
        rebuilt: incremental models that have to be built whole, for their code is another one.
        moved: views that stay as they are, and show something else when what is due is done.
    """

    reasons: Mapping[str, str]
    ready: tuple[str, ...]
    rebuilt: frozenset[str]
    moved: frozenset[str]


def in_order(items: Iterable[Item]) -> list[Item]:
    """Each after what it reads."""
    by_name = {item.name: item for item in items}
    writers = {table: item.name for item in by_name.values() for table in item.writes}
    reads = {
        item.name: [writers.get(name, name) for name in item.reads] for item in by_name.values()
    }
    return [by_name[name] for name in TopologicalSorter(reads).static_order() if name in by_name]


def plan(
    items: Iterable[Item],
    changes: Mapping[str, int],
    built: Mapping[str, Built],
    present: Collection[TableName],
    *,
    everything: bool = False,
    done: Collection[str] = (),
    failed: Collection[str] = (),
    left: Collection[str] = (),
) -> Plan:
    """Compare what there is with what it was made from.

    Args:
        items: everything, each after what it reads.
        changes: the newest load number of each table, by ``schema.table``.
        built: how each item was brought up to date last, by name.
        present: the relations in the database.
        everything: whatever is up to date is due as well, unless it is ``done``.
        done: what was asked for and tried already; due again only if something changed since.
        failed: what is not tried again, nor what would read its tables or those that it tests.
        left: items that are left for another time; nothing waits for them.
    """
    items = [item for item in items if item.name not in left]
    changed = changes_of(items, changes, built)
    rebuilt = rebuilt_whole(items, changes, built)
    # Rows are added to these; a view of any other falls when it is built anew.
    added_to = {item.name for item in items if item.is_incremental} - rebuilt
    reasons: dict[str, str] = {}
    moved: set[str] = set()
    # Answers that failed leave the last ones, which others go on with.
    stale = {
        name
        for item in items
        if item.name in failed and item.kind in ("test", "suite")
        for name in item.reads
    }
    for item in items:
        due = {*reasons} - added_to if item.kind == "view" else {*reasons, *moved}
        reason = _reason(item, due, changed, built, present)
        if reason is None and everything and item.name not in done:
            reason = "asked for"
        if item.name in failed or any(name in stale for name in item.reads):
            stale |= {item.name} if item.kind in _BUILDS else set()
        elif reason:
            reasons[item.name] = reason
        elif item.kind == "view" and any(name in reasons or name in moved for name in item.reads):
            moved.add(item.name)
    return Plan(reasons, _ready(items, reasons), rebuilt, frozenset(moved))


def needed_for(items: Iterable[Item], tables: Collection[str]) -> set[str]:
    """Names of the items that make some tables, and of all that those are made from.

    Args:
        items: everything, each after what it reads.
        tables: as ``schema.table``.
    """
    wanted = {*tables}
    for item in reversed(list(items)):
        made = {item.name, *item.writes, *([".".join(item.relation)] if item.relation else [])}
        if made & wanted:
            wanted |= {item.name, *item.reads}
    return {item.name for item in items if item.name in wanted}


def changes_of(
    items: Iterable[Item], changes: Mapping[str, int], built: Mapping[str, Built]
) -> dict[str, int]:
    """The number at which each table and each item's output changed last.

    A view changes with what it shows, although nobody builds it anew. A table that came out as it
    was did not change.
    """
    found = dict(changes)
    for item in items:
        if item.kind not in _BUILDS:
            continue
        last = built.get(item.name)
        own = (last.changed_number or last.load_number) if last else 0
        shown = max((found.get(name, 0) for name in item.reads), default=0)
        found[item.name] = max(own, shown) if item.kind == "view" else own
    return found


def rebuilt_whole(
    items: Iterable[Item], changes: Mapping[str, int], built: Mapping[str, Built]
) -> frozenset[str]:
    """Incremental models whose old rows are not what they would be by now.

    Their code is another one, or that of an incremental model before them, or a setting that every
    row depends on was corrected. What is kept is never among them, only what follows from it.
    """
    whole: set[str] = set()
    stale: set[str] = set()  # whole themselves, or views and tables after one that is
    settled: dict[str, int] = {name: changes.get(name, 0) for name in SETTINGS_OF_ROWS}
    for item in items:
        if item.kind not in _BUILDS:
            continue
        settled[item.name] = max((settled.get(name, 0) for name in item.reads), default=0)
        last = built.get(item.name)
        is_new = item.is_incremental and (
            last is None or last.digest != item.digest or last.load_number < settled[item.name]
        )
        if is_new or any(name in stale for name in item.reads):
            stale.add(item.name)
            if item.is_incremental and not item.is_kept:
                whole.add(item.name)
    return frozenset(whole)


def _reason(
    item: Item,
    due: Collection[str],
    changed: Mapping[str, int],
    built: Mapping[str, Built],
    present: Collection[TableName],
) -> str | None:
    """Why an item has to be done; ``due`` is what it would have to be done after."""
    last = built.get(item.name)
    if last is None:
        return "never done"
    if last.digest != item.digest:
        return "its code or a setting changed"
    if item.relation and item.relation not in present:
        return "is not there"
    first_due = next((name for name in item.reads if name in due), None)
    if first_due:
        return f"after {short(first_due)}"
    if item.kind == "view":
        return None
    newer = (name for name in item.reads if changed.get(name, 0) > last.load_number)
    return next((f"{short(name)} changed" for name in newer), None)


def short(name: str) -> str:
    """The name of an item or a table without what kind of thing it is."""
    return name.split(".", 2)[-1] if name.count(".") > 1 else name


def _ready(items: Iterable[Item], reasons: Mapping[str, str]) -> tuple[str, ...]:
    """What is due and hangs on no answer that is still to come."""
    held: set[str] = set()  # names of items and tables
    ready = []
    for item in items:
        if any(name in held for name in item.reads):
            held.update((item.name, *item.writes))
            continue
        if item.name not in reasons:
            continue
        ready.append(item.name)
        if item.waits:
            held.update(item.writes)
    return tuple(ready)


def digest_of(said: object) -> str:
    """A digest of what JSON can hold, in any order."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
