"""Walks through the dashboards in a real browser, as an owner would, and reports what is wrong.

Knows Superset's pages, not pytest and not how the servers are started.
"""

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Playwright, Response
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PHONE_USER_AGENT = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/128.0 Mobile Safari/537.36"
)
# Numbers, the widest tables and every kind of chart.
VARIED_SLUGS = ("owner-overview", "today", "profit", "restaurant")
SLUGS = (
    "owner-overview", "today", "insights", "sales", "profit", "restaurant", "customers",
    "marketing", "inventory", "forecast", "data-health", "data-dictionary",
)  # fmt: skip
LOADING_LIMIT_SECONDS = 90

EMPTY = re.compile(r"No results|No data|There are no results|Data error|Unexpected error", re.I)
# Chromium reports these on pages that work; they say nothing about a dashboard. The last one is
# Superset's telemetry image, which our content security policy stops.
HARMLESS = re.compile(r"favicon|ResizeObserver|React DevTools|third-party cookie|scarf\.sh", re.I)

HOLDERS = ".dashboard-component-chart-holder"
CHARTS = "[data-test='slice-container']"
LOADING = ".loading, [data-test='loading-indicator']"
# Of the page behind the charts, from 0 to 255.
BRIGHTNESS = (
    "Math.max(...getComputedStyle(document.body).backgroundColor"
    ".match(/[0-9]+/g).slice(0, 3).map(Number))"
)
ERRORS = "[data-test='error-alert'], .ant-alert-error, [role='alert'].ant-alert-error"


@dataclass
class Findings:
    """What went wrong while a dashboard was shown."""

    slug: str
    address: str = ""
    charts: int = 0
    seconds: float = 0.0
    overflow_pixels: int = 0
    problems: list[str] = field(default_factory=list)


@contextmanager
def window(playwright: Playwright, *, phone: bool = False) -> Iterator[BrowserContext]:
    """A window that keeps pages and compiled scripts on disk, as people's browsers do.

    Raises:
        FileNotFoundError: there is no Chromium.
    """
    executable = os.environ.get("HUB_TEST_CHROMIUM", CHROMIUM)
    if not Path(executable).exists():
        raise FileNotFoundError(
            f"{executable} is not there: install Chromium or set HUB_TEST_CHROMIUM."
        )
    with tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=executable,
            args=CHROMIUM_OPTIONS,
            locale="en-US",
            viewport=PHONE if phone else DESKTOP,
            device_scale_factor=2 if phone else 1,
            is_mobile=phone,
            has_touch=phone,
            user_agent=PHONE_USER_AGENT if phone else None,
        )
        try:
            yield context
        finally:
            context.close()


def sign_in(context: BrowserContext, url: str, username: str, password: str) -> None:
    """Sign in through the real form, whoever was signed in before.

    Raises:
        RuntimeError: it did not work three times.
    """
    shown: list[str] = []
    while len(shown) < 3:
        context.clear_cookies()
        shown.append(fill_in_the_form(context, url, username, password))
        me = context.request.get(f"{url}/api/v1/me/")
        if me.ok and me.json()["result"]["username"] == username:
            return
    raise RuntimeError(f"Signing in as '{username}' did not work; the pages said: {shown}")


def fill_in_the_form(context: BrowserContext, url: str, username: str, password: str) -> str:
    """Sign in once; returns what the page shows then."""
    page = context.new_page()
    page.goto(f"{url}/login/")
    # An answer to what the page asked before signing in would carry the old session back.
    page.wait_for_load_state("networkidle")
    page.fill("input[name=username], #username", username)
    page.fill("input[name=password], #password", password)
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    # Whether we are signed in is asked of Superset; what stands here instead goes into the error.
    with suppress(PlaywrightTimeoutError):
        page.wait_for_url(lambda address: "/login" not in address, timeout=30_000)
    page.wait_for_load_state("networkidle")
    said = page.inner_text("body")[:200]
    page.close()
    return said


def walk(context: BrowserContext, url: str, slug: str, picture: Path | None = None) -> Findings:
    """Open a dashboard, let every chart draw, and return what is wrong with it."""
    with shown(context, url, slug) as (page, findings):
        _look(page, findings, picture)
    return findings


def walk_by_day_and_night(
    context: BrowserContext, url: str, slug: str, by_day: Path, by_night: Path
) -> Findings:
    """As :func:`walk`; then the computer turns to dark colours, and every chart draws again."""
    with shown(context, url, slug) as (page, findings):
        _look(page, findings, by_day)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"() => {BRIGHTNESS} < 100", timeout=30_000)
        _wait_until_loaded(page, findings)
        _look(page, findings, by_night)
    return findings


@contextmanager
def shown(
    context: BrowserContext, url: str, slug: str, *, dark: bool = False
) -> Iterator[tuple[Page, Findings]]:
    """A dashboard whose charts have drawn."""
    findings = Findings(slug)
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if dark else "light")
    _listen(page, findings)
    started = time.monotonic()
    page.goto(f"{url}/superset/dashboard/{slug}/")
    page.wait_for_selector(HOLDERS, timeout=60_000)
    findings.seconds = _wait_until_loaded(page, findings) - started
    _grow_to_content(page)
    _wait_until_loaded(page, findings)
    try:
        yield page, findings
    finally:
        page.close()


def _look(page: Page, findings: Findings, picture: Path | None) -> None:
    page.wait_for_timeout(1200)  # the charts' entry animation
    _inspect(page, findings)
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(picture))


def _listen(page: Page, findings: Findings) -> None:
    def on_console(message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind == "error" and not HARMLESS.search(text):
            findings.problems.append(f"console error: {text[:300]}")

    def on_response(response: Response) -> None:
        if "/api/v1/chart/data" in response.url and response.status >= 400:
            findings.problems.append(f"chart data answered {response.status}: {_body(response)}")

    page.on("console", on_console)
    page.on("response", on_response)
    page.on("pageerror", lambda error: findings.problems.append(f"page error: {str(error)[:300]}"))


def _body(response: Response) -> str:
    try:
        return response.text()[:400]
    except Exception:
        return "(no body)"


def _wait_until_loaded(page: Page, findings: Findings) -> float:
    """Wait until nothing has been loading for a while; returns since when."""
    deadline = time.monotonic() + LOADING_LIMIT_SECONDS
    quiet_checks, quiet_since = 0, time.monotonic()
    while quiet_checks < 3:
        is_loading = page.locator(LOADING).locator("visible=true").count() > 0
        quiet_checks = 0 if is_loading else quiet_checks + 1
        if quiet_checks == 1:
            quiet_since = time.monotonic()
        if time.monotonic() > deadline:
            findings.problems.append("a chart was still loading at the end of the wait")
            break
        page.wait_for_timeout(250)
    return quiet_since


def _grow_to_content(page: Page) -> None:
    """Make the window as tall as the dashboard, so that every chart is in view and drawn."""
    size = page.viewport_size or DESKTOP
    for _ in range(3):
        height = page.evaluate(
            """() => {
                const bottoms = [...document.querySelectorAll('.dashboard-component-chart-holder')]
                    .map(holder => holder.getBoundingClientRect().bottom + window.scrollY);
                return Math.ceil(Math.max(...bottoms, 600) + 40);
            }"""
        )
        if height <= size["height"]:
            break
        size = {"width": size["width"], "height": min(int(height), 12_000)}
        page.set_viewport_size(size)
        page.wait_for_timeout(500)


def _inspect(page: Page, findings: Findings) -> None:
    findings.address = page.url
    findings.charts = page.locator(CHARTS).count()
    findings.overflow_pixels = page.evaluate(
        "() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
    )
    if findings.charts == 0:
        findings.problems.append("no chart was drawn")
    for alert in page.locator(ERRORS).all():
        findings.problems.append(f"error shown: {alert.inner_text()[:300]}")
    for chart in page.locator(HOLDERS).all():
        found = EMPTY.search(chart.inner_text())
        if found:
            findings.problems.append(f"empty chart: {chart.inner_text()[:120]!r}")
