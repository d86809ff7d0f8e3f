"""A business with customers: the same Superset shows them once it is switched to that business."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard_walk import sign_in, walk
from playwright.sync_api import Browser, BrowserContext

from tests.conftest import RunningHub, run_hub_command
from tests.record_shop import SETTINGS, write_inbox


@pytest.fixture(scope="module")
def record_shop(
    tmp_path_factory: pytest.TempPathFactory, running_hub: RunningHub
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("record_shop")
    (folder / "business.toml").write_text(SETTINGS, encoding="utf-8")
    write_inbox(folder / "inbox")
    for command in ("run", "up"):
        done = run_hub_command(command, "--business", str(folder))
        assert done.returncode == 0, done.stdout + done.stderr
    yield folder
    running_hub.bring_back()


@pytest.fixture(scope="module")
def owner(
    chromium: Browser, record_shop: Path, owner_password: str
) -> Iterator[tuple[str, BrowserContext]]:
    services = json.loads(run_hub_command("status", "--json").stdout)
    url = next(service["address"] for service in services if service["name"] == "superset")
    context = sign_in(chromium, url, "owner", owner_password)
    yield url, context
    context.close()


@pytest.mark.parametrize("slug", ["customers", "owner-overview"])
def test_every_chart_of_a_business_with_customers_draws(
    owner: tuple[str, BrowserContext], slug: str, screenshots: Path
) -> None:
    url, context = owner
    findings = walk(context, url, slug, screenshots / f"{slug}-with-customers.png")
    assert findings.problems == []


def test_all_customers_are_in_a_segment(record_shop: Path, running_hub: RunningHub) -> None:
    assert running_hub.sql(
        "select sum(customers_count) from rpt_rfm_segments", str(record_shop)
    ) == ["2357"]
