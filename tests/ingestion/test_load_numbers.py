"""Numbers of loads decide what is newer, whatever the clock says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ingestion.api.loading
import ingestion.api.window
from ingestion.api import Stream, load_streams
from ingestion.api.shapes import INSTANT_TEXT, TEXT, DocumentTable, Json
from tests.ingestion.clocks import clock_off
from tests.ingestion.inbox_shop import HEADER, Shop
from warehouse.changes import table_changes
from warehouse.database import Warehouse
from warehouse.errors import HubError
from warehouse.vault import open_vault

NOTES = DocumentTable("notes", {
    "id": TEXT.always, "text": TEXT, "status": TEXT, "updated_at": INSTANT_TEXT,
    "lines": [{"amount": TEXT}],
})  # fmt: skip
BEGINNING = datetime(2026, 11, 20, tzinfo=UTC)
# Hours by which the computer's clock is ahead: a time zone too far, right, asleep for a while.
CLOCKS = st.sampled_from([9.0, 0.0, -2.0, -30.0])


@dataclass
class Notebook:
    """A source of notes, with a clock of its own that is always right, and who loads it."""

    warehouse: Warehouse
    notes: dict[str, Json] = field(default_factory=dict)
    minutes: int = 0

    def write(self, key: str, text: str = "written", lines: int = 1) -> None:
        """A new note, another text, or a note that comes back."""
        self._put(key, text=text, status="open", lines=[{"amount": "1"}] * lines)

    def tear_out(self, key: str) -> None:
        """Delete a note; changes mention it, a list does not."""
        self._put(key, status="deleted")

    def lose(self, key: str) -> None:
        """Delete a note without a word."""
        del self.notes[key]

    def _put(self, key: str, **values: Any) -> None:
        self.minutes += 1
        updated_at = (BEGINNING + timedelta(minutes=self.minutes)).isoformat()
        self.notes[key] = {"id": key, "updated_at": updated_at, **values}

    def alive(self) -> dict[str, str]:
        """Text by note."""
        return {key: note["text"] for key, note in self.notes.items() if note["status"] == "open"}

    def stream(self, *, is_whole: bool = False) -> Stream:
        return Stream(
            NOTES, self._read, "notes", is_deleted=lambda note: note["status"] == "deleted",
            is_whole_due=lambda _since: is_whole,
        )  # fmt: skip

    def _read(self, _part: str, since: datetime | None) -> Iterator[list[Json]]:
        yield [note for note in self.notes.values()
               if (note["status"] == "open" if since is None
                   else datetime.fromisoformat(note["updated_at"]) >= since)]  # fmt: skip

    def load(self, hours: float = 0.0, *, is_whole: bool = False) -> None:
        self.load_stream(self.stream(is_whole=is_whole), hours)

    def load_stream(self, stream: Stream, hours: float = 0.0) -> None:
        with clock_off(self.warehouse, hours):
            load_streams(
                self.warehouse, open_vault(self.warehouse), "square", [stream],
                accepts_shrinking=True,
            )  # fmt: skip

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.warehouse.connect("loader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def loaded(self) -> dict[str, str]:
        """Text by note, of those that are alive as far as was loaded."""
        return dict(self.rows("select id, text from raw_square.notes where _deleted_at is null"))

    def newest(self) -> int:
        """The newest number of a note."""
        return int(self.rows("select max(_load_number) from raw_square.notes")[0][0])

    def changes(self) -> dict[str, int]:
        """The newest number by raw table."""
        with self.warehouse.connect("loader") as connection:
            noted = table_changes(connection)
        return {name: number for (schema, name), number in noted.items() if schema == "raw_square"}


@pytest.fixture
def notebook(warehouse_factory: Callable[..., Warehouse]) -> Notebook:
    notebook = Notebook(warehouse_factory())
    for key in "abc":
        notebook.write(key)
    return notebook


@pytest.mark.parametrize(("before", "after"), [(0, -2), (9, 0), (-2, 0), (0, 9)])
def test_what_comes_after_a_list_that_was_read_whole_stays(
    notebook: Notebook, before: float, after: float
) -> None:
    notebook.load(before)
    notebook.load(before, is_whole=True)
    notebook.write("a", "changed")
    notebook.write("d")
    notebook.load(after)
    assert notebook.loaded() == {"a": "changed", "b": "written", "c": "written", "d": "written"}


@pytest.mark.parametrize(("before", "after"), [(0, -2), (9, 0), (-2, 0), (0, 9)])
def test_what_was_deleted_and_came_back_lives(
    notebook: Notebook, before: float, after: float
) -> None:
    notebook.load(before)
    notebook.tear_out("a")
    notebook.lose("b")
    notebook.load(before)
    assert notebook.loaded() == {"b": "written", "c": "written"}
    notebook.load(after, is_whole=True)
    assert notebook.loaded() == {"c": "written"}
    notebook.write("a", "back")
    notebook.write("b", "back")
    notebook.load(after)
    assert notebook.loaded() == {"a": "back", "b": "back", "c": "written"}


ACTIONS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["write", "tear_out", "lose"])), max_size=4
)
LOADS = st.lists(st.tuples(ACTIONS, CLOCKS, st.booleans()), min_size=2, max_size=5)


@settings(
    max_examples=6, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(loads=LOADS)
def test_documents_are_those_of_the_source_by_any_clock(
    loads: list[tuple[list[tuple[str, str]], float, bool]],
    warehouse_factory: Callable[..., Warehouse],
) -> None:
    notebook = Notebook(warehouse_factory())
    lost: set[str] = set()
    for number, (actions, hours, is_whole) in enumerate(loads):
        for key, action in actions:
            if action == "write":
                notebook.write(key, f"text {number}")
                lost.discard(key)
            elif key in notebook.notes:
                getattr(notebook, action)(key)
                lost |= {key} if action == "lose" else set()
        notebook.load(hours, is_whole=is_whole)
        lost = set() if is_whole else lost
        found = {key: text for key, text in notebook.loaded().items() if key not in lost}
        assert found == notebook.alive()


def test_the_packages_of_one_load_have_an_order(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleted in the first and back in the second, or the other way round."""
    notebook.load()
    monkeypatch.setattr(ingestion.api.window, "MOST_DOCUMENTS", 2)
    notebook.tear_out("a")
    notebook.write("b", "changed")
    first = [dict(notebook.notes["a"]), dict(notebook.notes["b"])]
    notebook.minutes += 60
    notebook.write("a", "back")
    notebook.tear_out("b")
    answers = iter([first, [notebook.notes["a"], notebook.notes["b"]], []])
    stream = Stream(
        NOTES, lambda _part, _since: iter([next(answers)]), "notes", is_sorted=True,
        is_deleted=lambda note: note["status"] == "deleted", overlap=timedelta(0),
    )  # fmt: skip
    notebook.load_stream(stream)
    assert notebook.loaded() == {"a": "back", "c": "written"}


def test_what_changed_is_noted_and_nothing_else(notebook: Notebook) -> None:
    notebook.load()
    first = notebook.changes()
    assert first == dict.fromkeys(("notes", "notes__lines"), notebook.newest())
    notebook.load()
    assert notebook.changes() == first
    notebook.write("a", lines=0)
    notebook.load()
    emptied = notebook.changes()
    assert emptied == dict.fromkeys(("notes", "notes__lines"), notebook.newest())
    notebook.tear_out("b")
    notebook.load()
    told = notebook.changes()
    assert told == {**emptied, "notes": notebook.newest(), "deletions": notebook.newest()}
    assert notebook.newest() > emptied["notes"]


def test_a_mark_that_a_killed_load_owes_comes_under_a_new_number(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.load()
    notebook.lose("a")

    def killed(*_arguments: object) -> None:
        raise HubError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(ingestion.api.loading, "mark_deleted", killed)
        with pytest.raises(HubError, match="killed"):
            notebook.load(is_whole=True)
    passed = notebook.newest()
    notebook.load()
    marked = "select _load_number from raw_square.notes where _deleted_at is not null"
    assert notebook.rows(marked) == [(notebook.newest(),)]
    assert notebook.newest() > passed
    assert notebook.changes()["notes"] == notebook.newest()


def test_documents_from_before_loads_were_numbered_stay_as_they_are(notebook: Notebook) -> None:
    notebook.load()
    notebook.tear_out("a")
    notebook.tear_out("b")
    notebook.load()
    notebook.write("a", "back")
    notebook.load()
    for table in ("notes", "notes__lines", "deletions"):
        with notebook.warehouse.connect("loader") as connection:
            connection.execute(f"alter table raw_square.{table} drop column _load_number")
    notebook.load()
    assert notebook.loaded() == {"a": "back", "c": "written"}
    assert notebook.newest() == 0
    notebook.write("c", "changed")
    notebook.load(-30)
    assert notebook.loaded() == {"a": "back", "c": "changed"}
    assert notebook.newest() > 0


@settings(
    max_examples=6, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(exports=st.lists(st.tuples(st.integers(1, 3), CLOCKS), min_size=3, max_size=6))
def test_the_file_that_came_last_counts_by_any_clock(
    exports: list[tuple[int, float]], warehouse_factory: Callable[..., Warehouse]
) -> None:
    warehouse = warehouse_factory()
    shop = Shop(warehouse, open_vault(warehouse))
    for quantity, hours in exports:
        with clock_off(warehouse, hours):
            shop.load_one("till.csv", HEADER + f"S1,1,2026-03-01 10:00:00,tea,{quantity},5.00\n")
        assert shop.current("quantity::int") == [(quantity,)]
    numbers = shop.rows(
        "select _load_number, lead(_load_number) over (order by _load_number), _superseded_number "
        "from raw_spreadsheets.sales order by 1"
    )
    assert all(following == superseded for _, following, superseded in numbers)


def test_files_are_noted_when_they_changed_a_row(shop: Shop) -> None:
    def noted() -> dict[tuple[str, str], int]:
        with shop.warehouse.connect("loader") as connection:
            return table_changes(connection)

    shop.load_one("till.csv", HEADER + "S1,1,2026-03-01 10:00:00,tea,1,5.00\n")
    first = noted()
    ((number,),) = shop.rows("select _load_number from raw_spreadsheets.sales")
    names = (("raw_spreadsheets", "sales"), ("quality", "source_totals"))
    assert first == dict.fromkeys(names, number)
    shop.load()
    shop.load_one("again.csv", HEADER + "S1,1,2026-03-01 10:00:00,tea,1,5.00\n")
    assert noted() == first
    shop.load_one("till.csv", HEADER + "S1,1,2026-03-01 10:00:00,tea,2,5.00\n")
    ((number,),) = shop.rows("select max(_load_number) from raw_spreadsheets.sales")
    assert noted() == dict.fromkeys(names, number)


def test_rows_of_files_from_before_loads_were_numbered_stay_as_they_are(shop: Shop) -> None:
    for quantity in (1, 2):
        shop.load_one("till.csv", HEADER + f"S1,1,2026-03-01 10:00:00,tea,{quantity},5.00\n")
    with shop.warehouse.connect("loader") as connection:
        connection.execute(
            "alter table raw_spreadsheets.sales drop column _load_number, "
            "drop column _superseded_number"
        )
    shop.load()
    rows = "select quantity::int, _load_number, _superseded_number from raw_spreadsheets.sales"
    assert sorted(shop.rows(rows), key=str) == [(1, 0, 0), (2, 0, None)]
    shop.load_one("till.csv", HEADER + "S1,1,2026-03-01 10:00:00,tea,3,5.00\n")
    assert shop.current("quantity::int") == [(3,)]
