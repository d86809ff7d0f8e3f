"""The sensor asks for a run when, and only when, something in the inbox is new or changed."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.automation.sensors import new_file_in_the_inbox
from orchestration.resources import BUSINESS_VARIABLE, BusinessResource


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(BUSINESS_VARIABLE, str(tmp_path))
    (tmp_path / "inbox" / "sales").mkdir(parents=True)
    (tmp_path / "business.toml").write_text(
        'id = "corner"\nname = "Corner"\ntime_zone = "UTC"\n'
        'currency_code = "USD"\ncountry_code = "US"\n'
    )
    return tmp_path


def _look(cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    resources = {"business": BusinessResource()}
    with dg.build_sensor_context(cursor=cursor, resources=resources) as context:
        found = new_file_in_the_inbox(context)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def test_a_new_and_a_changed_file_ask_for_a_run_and_an_open_one_does_not(folder: Path) -> None:
    first = _look(None)
    assert isinstance(first, dg.SensorResult)
    assert not first.run_requests
    assert isinstance(_look(first.cursor), dg.SkipReason)

    file = folder / "inbox" / "sales" / "may.csv"
    file.write_text("order_id,amount\n1,2.00\n")
    added = _look(first.cursor)
    assert isinstance(added, dg.SensorResult)
    assert [request.run_key for request in added.run_requests or []] == [added.cursor]
    assert isinstance(_look(added.cursor), dg.SkipReason)

    (file.parent / "~$may.xlsx").write_text("a spreadsheet program's lock file")
    assert isinstance(_look(added.cursor), dg.SkipReason)

    file.write_text("order_id,amount\n1,2.00\n2,3.00\n")
    changed = _look(added.cursor)
    assert isinstance(changed, dg.SensorResult)
    assert changed.run_requests
    assert changed.cursor not in (first.cursor, added.cursor)
