"""Switching to a business with customers, then stopping exactly what was started."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import dashboard_walk
from tests.conftest import RunningHub, run_hub_command
from tests.record_shop import SETTINGS, write_inbox


@pytest.fixture(scope="module")
def record_shop(tmp_path_factory: pytest.TempPathFactory, running_hub: RunningHub) -> Path:
    folder = tmp_path_factory.mktemp("record_shop")
    (folder / "business.toml").write_text(SETTINGS, encoding="utf-8")
    write_inbox(folder / "inbox")
    done = run_hub_command("run", "--business", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    done = run_hub_command("up", "--business", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def _services() -> dict[str, dict[str, object]]:
    status = run_hub_command("status", "--json")
    return {service["name"]: service for service in json.loads(status.stdout)}


@pytest.mark.parametrize("slug", ["customers", "owner-overview"])
def test_a_business_with_customers_sees_them(
    record_shop: Path, running_hub: RunningHub, slug: str
) -> None:
    url = str(_services()["superset"]["address"])
    folder = Path(os.environ.get("HUB_SCREENSHOT_DIR", "test-results/screenshots"))
    with dashboard_walk.browser() as chromium:
        context = _signed_in(chromium, url, running_hub.owner_password)
        findings = dashboard_walk.walk(context, url, slug, folder / f"{slug}-with-customers.png")
        context.close()
    assert findings.problems == []
    assert running_hub.sql(
        "select sum(customers_count) from rpt_rfm_segments", str(record_shop)
    ) == ["2357"]


def _signed_in(chromium: Browser, url: str, password: str) -> dashboard_walk.BrowserContext:
    return dashboard_walk.sign_in(chromium, url, "owner", password)


def test_down_stops_what_up_started_and_nothing_else(
    record_shop: Path, running_hub: RunningHub
) -> None:
    bystander = subprocess.Popen(["sleep", "120"])
    try:
        before = _services()
        assert all(before[name]["running"] for name in ("dagster", "daemon", "superset"))
        done = run_hub_command("down")
        assert done.returncode == 0, done.stderr
        after = _services()
        assert not {"dagster", "daemon", "superset"} & {
            name for name, service in after.items() if service["running"]
        }
        assert after["postgresql"]["running"], "the database goes on"
        assert bystander.poll() is None
        assert running_hub.sql("select 1") == ["1"]
    finally:
        bystander.kill()
        bystander.wait()
