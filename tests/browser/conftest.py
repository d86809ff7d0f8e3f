"""Where the running dashboards are, who signs in, and the browser that looks."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

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
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    executable = os.environ.get("HUB_TEST_CHROMIUM", dashboard_walk.CHROMIUM)
    if not Path(executable).exists():
        pytest.fail(f"{executable} is not there: install Chromium or set HUB_TEST_CHROMIUM.")
    with dashboard_walk.browser(executable) as running:
        yield running
