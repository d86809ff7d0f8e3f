"""`hub down` stops exactly what `hub up` started."""

from __future__ import annotations

import json
import subprocess

from tests.conftest import RunningHub, run_hub_command


def _services() -> dict[str, dict[str, object]]:
    status = run_hub_command("status", "--json")
    return {service["name"]: service for service in json.loads(status.stdout)}


def test_down_stops_what_up_started_and_nothing_else(running_hub: RunningHub) -> None:
    bystander = subprocess.Popen(["sleep", "120"])
    running_hub.shows_demo = False
    try:
        before = _services()
        assert all(before[name]["running"] for name in ("code", "dagster", "daemon", "superset"))
        done = run_hub_command("down")
        assert done.returncode == 0, done.stderr
        after = _services()
        assert not {"code", "dagster", "daemon", "superset"} & {
            name for name, service in after.items() if service["running"]
        }
        assert after["postgresql"]["running"], "the database goes on"
        assert bystander.poll() is None
        assert running_hub.sql("select 1") == ["1"]
    finally:
        bystander.kill()
        bystander.wait()
