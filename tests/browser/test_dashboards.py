"""Every dashboard as its owner sees it, signed in through the form: light, dark and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard_walk import PHONE_SLUG, SLUGS, sign_in, walk
from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="module", params=["light", "dark"])
def owner(
    request: pytest.FixtureRequest, chromium: Browser, superset_url: str, owner_password: str
) -> Iterator[tuple[str, BrowserContext]]:
    """One sign-in per theme, so that the log-in limit is never near."""
    is_dark = request.param == "dark"
    context = sign_in(chromium, superset_url, "owner", owner_password, dark=is_dark)
    yield request.param, context
    context.close()


@pytest.mark.parametrize("slug", SLUGS)
def test_every_chart_of_the_dashboard_draws(
    owner: tuple[str, BrowserContext], slug: str, superset_url: str, screenshots: Path
) -> None:
    theme, context = owner
    findings = walk(context, superset_url, slug, screenshots / f"{slug}-{theme}.png")
    assert findings.problems == []


def test_the_phone_dashboard_draws_and_fits_the_screen(
    chromium: Browser, superset_url: str, owner_password: str, screenshots: Path
) -> None:
    context = sign_in(chromium, superset_url, "owner", owner_password, phone=True)
    findings = walk(context, superset_url, PHONE_SLUG, screenshots / f"{PHONE_SLUG}.png")
    context.close()
    assert findings.problems == []
    assert findings.overflow_pixels == 0


def test_the_owner_lands_on_the_overview_after_signing_in(
    chromium: Browser, superset_url: str, owner_password: str
) -> None:
    context = sign_in(chromium, superset_url, "owner", owner_password)
    page = context.new_page()
    page.goto(superset_url)
    page.wait_for_url("**/superset/dashboard/owner-overview/**", timeout=30_000)
    context.close()
