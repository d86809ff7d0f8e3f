"""Tasks at once: results as they come, the first error, and what an interruption ends."""

from __future__ import annotations

from typing import NoReturn

import pytest

from ingestion.transport import rest
from orchestration.side_by_side import side_by_side
from warehouse.errors import HubError


def test_results_come_as_tasks_end_and_an_error_after_them() -> None:
    def refuse() -> NoReturn:
        raise HubError("It refused.", fix="Ask again.")

    found: list[tuple[str, None]] = []
    tasks = {"slow": lambda: rest(0.2), "quick": lambda: None, "no": refuse}
    with pytest.raises(HubError, match="It refused"):
        found.extend(side_by_side(tasks))
    assert sorted(found) == [("quick", None), ("slow", None)]
    assert found[0][0] == "quick"


def test_who_is_interrupted_ends_the_others_and_later_tasks_go_on() -> None:
    ended: list[str] = []

    def wait() -> None:
        try:
            rest(600)
        except HubError as error:
            ended.append(error.message)

    results = side_by_side({"long": wait, "quick": lambda: None})
    assert next(results) == ("quick", None)
    results.close()
    assert ended == ["The load was stopped."]
    assert list(side_by_side({"later": lambda: rest(0.01)})) == [("later", None)]
