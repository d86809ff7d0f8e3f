"""From a sale in the sandbox to the dashboard *Today* in a real browser, and all that lies between.

The demo runs as an owner runs it: sandbox, Dagster's daemon, Superset. The clock of the sandbox is
moved on from sale to sale; the time of each counts until the open page, which refreshes itself,
shows it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measuring import figure, p95, run_hub
from sandbox.world import World

SALES, QUICK_SALES = 50, 5
LIMIT_SECONDS = 30.0
GIVEN_UP_AFTER = 180.0
SECOND = timedelta(seconds=1)
PAUSE_SECONDS = (5.0, 25.0)
# A night is hours in which the hub moves on to the new day; here it is a minute.
NIGHT_SECONDS, DAWN = 60.0, timedelta(minutes=30)
# The sandbox begins that day; its café is open then.
TODAY = "2026-09-30"
OPENS = datetime(2026, 9, 30, 11, tzinfo=UTC)
# Test orders, sold gift cards and what only the books know are on no page.
COMING = """
select timezone(time_zone, date_trunc('minute', happened_at)) as shown, max(happened_at) as sold_at
from truth.events join truth.orders using (order_id) join places using (place_id)
where kind = 'sale' and happened_at > timestamptz '{after}'
group by shown
having count(*) = 1 and not bool_or(is_test) and bool_and(system in ('shopify', 'square'))
    and bool_or(event_id in (
        select event_id from truth.event_lines where line_type = 'product' and gross_cents > 0))
order by sold_at
"""


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o755)
    os.environ["HUB_HOME"], os.environ["HUB_CONFIG_HOME"] = str(home), str(home / "config")
    try:
        run_hub("demo", "--today", TODAY)
        seconds = sorted(_measure(home, QUICK_SALES if quick else SALES))
    finally:
        run_hub("down", "--all")
        shutil.rmtree(home, ignore_errors=True)
    return {
        f"from the sale to the page, median of {len(seconds)}": figure(statistics.median(seconds)),
        f"from the sale to the page, p95 of {len(seconds)}": figure(
            p95(seconds), limit=LIMIT_SECONDS
        ),
        "from the sale to the page, slowest": figure(seconds[-1]),
    }


def _measure(home: Path, sales: int) -> list[float]:
    """Seconds from each sale to the page; one that did not come in time counts as given up."""
    from playwright.sync_api import sync_playwright

    from tests.browser.dashboard_walk import sign_in, window

    running = {one["name"]: one["address"] for one in json.loads(run_hub("status", "--json"))}
    password = json.loads((home / "superset.json").read_text())["owner"]
    pauses = random.Random(1)
    coming = _coming_sales(home, running["sandbox"])[:sales]
    today = coming[0][0].date()
    next_at = time.monotonic()
    waiting: dict[datetime, float] = {}
    found: list[float] = []
    with sync_playwright() as playwright, window(playwright) as context:
        sign_in(context, running["superset"], "owner", password)
        page = context.new_page()
        page.goto(f"{running['superset']}/superset/dashboard/today/")
        page.get_by_text("What was sold last?").wait_for(timeout=GIVEN_UP_AFTER * 1000)
        while len(found) < sales:
            if coming and time.monotonic() >= next_at:
                local_time, sold_at = coming[0]
                if local_time.date() == today:
                    waiting[local_time] = time.monotonic()
                    _advance(running["sandbox"], {"to": (sold_at + SECOND).isoformat()})
                    # The page and the look for sales have rhythms of their own.
                    next_at = time.monotonic() + pauses.uniform(*PAUSE_SECONDS)
                    del coming[0]
                elif not waiting:
                    today = local_time.date()
                    _advance(running["sandbox"], {"to": (sold_at - DAWN).isoformat()})
                    next_at = time.monotonic() + NIGHT_SECONDS
            shown = page.inner_text("body")
            for local_time, began in list(waiting.items()):
                waited = time.monotonic() - began
                if f"{local_time:%d %b %Y %H:%M}" in shown or waited > GIVEN_UP_AFTER:
                    found.append(waited)
                    del waiting[local_time]
                    print(
                        f"{local_time:%d %b %H:%M} after {waited:.1f} s ({len(found)})", flush=True
                    )
            time.sleep(0.25)
        context.close()
    return found


def _coming_sales(home: Path, sandbox: str) -> list[tuple[datetime, datetime]]:
    """Sales that the page will show: the minute by the clock of the place, and when it is.

    Only those whose minute on the page is nobody else's.
    """
    now = httpx.get(f"{sandbox}/sandbox/clock", timeout=60).raise_for_status().json()["now"]
    world = World(home / "sandbox")
    found = world.rows(COMING.format(after=max(datetime.fromisoformat(now), OPENS).isoformat()))
    world.close()
    return [(local_time, sold_at) for local_time, sold_at in found]


def _advance(sandbox: str, body: dict[str, Any]) -> None:
    httpx.post(f"{sandbox}/sandbox/advance", json=body, timeout=60).raise_for_status()
