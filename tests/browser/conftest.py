"""Where the running dashboards are, who signs in, and the browser that looks."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent))

import dashboard_walk

from tests.conftest import RunningHub


@pytest.fixture(scope="session")
def superset_url(running_hub: RunningHub) -> str:
    """The address of the running Superset, without a slash at the end."""
    return running_hub.superset_url


@pytest.fixture(scope="session")
def owner_password(running_hub: RunningHub) -> str:
    """The password of the user `owner`."""
    return running_hub.passwords["owner"]


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder into which the pictures go."""
    return Path(os.environ.get("HUB_SCREENSHOT_DIR", "test-results/screenshots"))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browser."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def desktop(playwright: Playwright) -> Iterator[BrowserContext]:
    """The window in which one person after another signs in."""
    with dashboard_walk.window(playwright) as context:
        yield context
