"""From a sale in the sandbox to the dashboard *Today* in a real browser, and all that lies between.

The demo runs as an owner runs it: sandbox, Dagster's daemon, Superset. The clock of the sandbox is
moved on to the next sale; the time counts until the open page, which refreshes itself, shows it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from benchmarks.measuring import figure, p95, run_hub

SALES, QUICK_SALES = 50, 5
LIMIT_SECONDS = 60.0
GIVEN_UP_AFTER = 180.0
STEP = timedelta(minutes=1)
# The sandbox begins that day; its shop is open then in its own time zone.
TODAY, OPENS, ZONE = "2026-09-30", "2026-09-30T15:00:00Z", ZoneInfo("America/New_York")
# Whether a sale of that minute counts, or is a test or the sale of a gift card.
COUNTED = """
select count(*) from rpt_today_sales
where line_type = 'product' and date_trunc('minute', sold_local_at) = timestamp '{minute}'
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
    """Seconds from each sale to the page."""
    from tests.browser.dashboard_walk import browser, sign_in

    running = {one["name"]: one["address"] for one in json.loads(run_hub("status", "--json"))}
    password = json.loads((home / "superset.json").read_text())["owner"]
    pauses = random.Random(1)
    found: list[float] = []
    with browser() as chromium:
        context = sign_in(chromium, running["superset"], "owner", password)
        page = context.new_page()
        page.goto(f"{running['superset']}/superset/dashboard/today/")
        page.get_by_text("What was sold last?").wait_for(timeout=GIVEN_UP_AFTER * 1000)
        _advance(running["sandbox"], {"to": OPENS})
        while len(found) < sales:
            # The page and the look for sales have rhythms of their own.
            time.sleep(pauses.uniform(0, 20))
            minutes = _next_sale(running["sandbox"])
            began = time.monotonic()
            while not any(minute.strftime("%d %b %Y %H:%M") in page.inner_text("body")
                          for minute in minutes):  # fmt: skip
                if time.monotonic() - began > GIVEN_UP_AFTER:
                    break
                time.sleep(0.25)
            waited = time.monotonic() - began
            if waited < GIVEN_UP_AFTER or _counts(home, minutes):
                found.append(waited)
                print(f"{minutes[-1]:%H:%M} after {waited:.1f} s ({len(found)})", flush=True)
        context.close()
    return found


def _next_sale(sandbox: str) -> list[datetime]:
    """Move the clock on to the next sale; the minutes in which it may have been, local time."""
    while True:
        told = _advance(sandbox, {"seconds": STEP.total_seconds()})
        if told["happened"].get("sale"):
            now = datetime.fromisoformat(told["now"]).astimezone(ZONE)
            return [(now - STEP).replace(second=0), now.replace(second=0)]


def _advance(sandbox: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{sandbox}/sandbox/advance", json=body, timeout=60)
    answer.raise_for_status()
    return dict(answer.json())


def _counts(home: Path, minutes: list[datetime]) -> bool:
    """Whether the sale should have been there; what does not count never comes."""
    counted = [
        run_hub("sql", "--business", str(home / "demo"), "--", "-Atc",
             COUNTED.format(minute=f"{minute:%Y-%m-%d %H:%M}"))
        for minute in minutes
    ]  # fmt: skip
    return any(int(line) > 0 for line in counted)
