"""Every dashboard as its owner sees it, signed in through the form: light, dark and on a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard_walk import (
    BRIGHTNESS,
    HOLDERS,
    SLUGS,
    VARIED_SLUGS,
    shown,
    sign_in,
    walk,
    walk_by_day_and_night,
    window,
)
from playwright.sync_api import BrowserContext, Playwright

from tests.conftest import RunningHub


@pytest.fixture(scope="module")
def owner(desktop: BrowserContext, superset_url: str, owner_password: str) -> BrowserContext:
    """The owner, signed in once, so that the log-in limit is never near."""
    sign_in(desktop, superset_url, "owner", owner_password)
    return desktop


@pytest.mark.parametrize("slug", SLUGS)
def test_every_chart_of_the_dashboard_draws_light_and_dark(
    owner: BrowserContext, slug: str, superset_url: str, screenshots: Path
) -> None:
    light, dark = (screenshots / f"{slug}-{theme}.png" for theme in ("light", "dark"))
    findings = walk_by_day_and_night(owner, superset_url, slug, light, dark)
    assert findings.problems == []


def test_a_page_that_is_opened_in_dark_mode_is_dark(
    owner: BrowserContext, superset_url: str
) -> None:
    with shown(owner, superset_url, SLUGS[0], dark=True) as (page, findings):
        assert page.evaluate(f"() => {BRIGHTNESS}") < 100
    assert findings.problems == []


@pytest.mark.parametrize(
    ("user", "slugs"),
    [
        ("analyst", ("owner-overview", "data-dictionary", "marketing")),
        ("engineer", ("data-health", "forecast")),
        ("anna", ("today", "sales", "inventory")),
    ],
)
def test_who_else_signs_in_sees_every_chart_of_his_pages(
    running_hub: RunningHub,
    desktop: BrowserContext,
    user: str,
    slugs: tuple[str, ...],
    screenshots: Path,
) -> None:
    url = running_hub.superset_url
    sign_in(desktop, url, user, running_hub.passwords[user])
    found = [walk(desktop, url, slug, screenshots / f"{slug}-{user}.png") for slug in slugs]
    assert [one.problems for one in found] == [[]] * len(slugs)


@pytest.fixture(scope="module")
def phone(
    playwright: Playwright, superset_url: str, owner_password: str
) -> Iterator[BrowserContext]:
    """The owner, signed in on a phone."""
    with window(playwright, phone=True) as context:
        sign_in(context, superset_url, "owner", owner_password)
        yield context


@pytest.mark.parametrize("slug", VARIED_SLUGS)
def test_a_phone_is_led_to_a_version_that_draws_and_fits_its_screen(
    phone: BrowserContext, slug: str, superset_url: str, screenshots: Path
) -> None:
    findings = walk(phone, superset_url, slug, screenshots / f"{slug}-phone.png")
    assert findings.problems == []
    assert findings.overflow_pixels == 0
    assert findings.address.startswith(f"{superset_url}/superset/dashboard/{slug}-phone/")


def test_a_phone_can_have_the_full_version_and_come_back(
    phone: BrowserContext, superset_url: str
) -> None:
    page = phone.new_page()
    for path, led_to in (
        ("sales-phone/?view=full", "sales/"),
        ("profit/", "profit/"),
        ("profit-phone/?view=phone", "profit-phone/"),
        ("sales/", "sales-phone/"),
    ):
        page.goto(f"{superset_url}/superset/dashboard/{path}")
        assert page.url.startswith(f"{superset_url}/superset/dashboard/{led_to}"), path
    page.close()


def test_a_click_on_a_row_filters_the_other_charts(
    desktop: BrowserContext, superset_url: str, owner_password: str
) -> None:
    sign_in(desktop, superset_url, "owner", owner_password)
    page = desktop.new_page()
    page.goto(f"{superset_url}/superset/dashboard/profit/")
    cell = page.locator(f"{HOLDERS}:has-text('What does each channel leave?') tbody td").first
    cell.wait_for(timeout=60_000)
    channel = cell.inner_text()
    with page.expect_response(
        lambda answer: (
            "/api/v1/chart/data" in answer.url
            and "profit_step_amount" in (answer.request.post_data or "")
            and channel in (answer.request.post_data or "")
        ),
        timeout=30_000,
    ) as answered:
        cell.click()
    assert answered.value.ok
    page.close()


def test_the_owner_lands_on_the_overview_after_signing_in(
    desktop: BrowserContext, superset_url: str, owner_password: str
) -> None:
    sign_in(desktop, superset_url, "owner", owner_password)
    page = desktop.new_page()
    page.goto(superset_url)
    page.wait_for_url("**/superset/dashboard/owner-overview/**", timeout=30_000)
    page.close()
