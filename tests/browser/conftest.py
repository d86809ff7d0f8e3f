"""Where the running dashboards are and who signs in; a missing setting fails with its name."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).resolve().parent))

import dashboard_walk


def _required(name: str, purpose: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        pytest.fail(
            f"{name} is not set: it is {purpose}. Start the dashboards with `hub up` first."
        )
    return value


@pytest.fixture(scope="session")
def superset_url() -> str:
    """The address of the running Superset, without a slash at the end."""
    return _required("HUB_TEST_SUPERSET_URL", "the address of the running Superset").rstrip("/")


@pytest.fixture(scope="session")
def owner_password() -> str:
    """The password of the user `owner`."""
    return _required("HUB_TEST_OWNER_PASSWORD", "the password of the user `owner`")


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
