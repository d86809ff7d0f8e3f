"""The settings that `hub init` writes, and those that it offers."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from orchestration.cli import app
from warehouse.business import load_business


def test_what_a_new_business_is_offered_can_be_uncommented(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    done = CliRunner().invoke(app, ["init", str(folder), "--name", "Main Street"])
    assert done.exit_code == 0, done.output
    plain = load_business(folder)
    assert (plain.alerts, plain.location_managers) == (None, ())

    file = folder / "business.toml"
    offered = re.sub(r"^# (?=\[|\w+ = )", "", file.read_text(encoding="utf-8"), flags=re.M)
    file.write_text(offered, encoding="utf-8")
    chosen = load_business(folder)
    assert chosen.alerts
    assert chosen.alerts.recipients == ("owner@example.com",)
    assert chosen.reports.weekly
    assert [each.user for each in chosen.location_managers] == ["anna"]
