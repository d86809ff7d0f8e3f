"""What runs cost: the first, one in which nothing changed, one for twenty sales; and idleness.

The demo runs as an owner runs it. The clock of the sandbox stands on a day behind this computer's,
so that only what the benchmark does changes anything.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measuring import address_of, figure, run_hub, sell_for
from ingestion.sources.news import ask_for_news
from orchestration.ops.demo import folder
from orchestration.planning.hub import plan_for
from warehouse.business import load_business
from warehouse.database import Warehouse, open_warehouse

TODAY = "2026-09-30"
SALES, REPEATED, IDLE_SECONDS = 20, 3, 60.0
LIMITS = {"first": 150.0, "again": 60.0, "nothing": 12.0, "sales": 35.0, "megabytes": 1024.0,
          "idle": 2.0}  # fmt: skip
GIVEN_UP_AFTER = 300.0
# Before the first place opens, in UTC, on a day on which more is sold than the benchmark counts.
MORNING = {"hour": 9, "minute": 0, "second": 0}
BUSY_WEEKDAYS = (4, 5)  # Friday, Saturday
IDLE = ("dagster-daemon", "dagster api grpc", "-m sandbox")


def run(*, quick: bool = False) -> dict[str, dict[str, Any]]:
    """Measure; returns figure name -> value, limit, passes, unit."""
    repeated = 1 if quick else REPEATED
    home = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    home.chmod(0o755)
    os.environ["HUB_HOME"], os.environ["HUB_CONFIG_HOME"] = str(home), str(home / "config")
    try:
        first = _done_in(run_hub("demo", "--today", TODAY))
        idle = _idle_percent(5.0 if quick else IDLE_SECONDS)
        # From here on only the benchmark starts runs.
        run_hub("down")
        again = [_seconds("demo", "--today", TODAY) for _ in range(repeated)]
        sandbox = address_of("sandbox")
        _stop_the_daemon()
        run_hub("run")
        nothing = [_seconds("run") for _ in range(repeated)]
        by_hand = [_sell_and_run(sandbox) for _ in range(repeated)]
        run_hub("up")
        followed = [_sell_to_the_running_hub(sandbox) for _ in range(repeated)]
        megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    finally:
        run_hub("down", "--all")
        shutil.rmtree(home, ignore_errors=True)
    return {
        "job of the first run": figure(first, limit=LIMITS["first"]),
        "hub demo again, median": figure(statistics.median(again), limit=LIMITS["again"]),
        "run in which nothing changed, median": figure(
            statistics.median(nothing), limit=LIMITS["nothing"]
        ),
        f"{SALES} sales, until every mart and page has them, median": figure(
            statistics.median(followed), limit=LIMITS["sales"]
        ),
        f"hub run --only sales for {SALES} sales, median": figure(statistics.median(by_hand)),
        "peak memory of a process": figure(megabytes, "MB", LIMITS["megabytes"]),
        "daemon, code server and sandbox while nothing happens": figure(
            idle, "% of a core", LIMITS["idle"]
        ),
    }


def _done_in(said: str) -> float:
    """Seconds of a run, as its last line says them."""
    found = re.search(r"^Done in ([\d,]+) s", said, re.MULTILINE)
    if not found:
        raise RuntimeError(f"the run did not end well: {said[-2000:]}")
    return float(found[1].replace(",", ""))


def _seconds(*command: str) -> float:
    began = time.monotonic()
    run_hub(*command)
    return time.monotonic() - began


def _sell_and_run(sandbox: str) -> float:
    """Seconds of a run by hand for twenty sales of a day that the hub knows already."""
    _sleep_until_a_busy_morning(sandbox)
    run_hub("run")
    _sell(sandbox, SALES)
    return _seconds("run", "--only", "sales")


def _sell_to_the_running_hub(sandbox: str) -> float:
    """Seconds from twenty sales until the hub has nothing left to do for them."""
    _sleep_until_a_busy_morning(sandbox)
    warehouse = open_warehouse(load_business(folder()))
    _sell(sandbox, 1)
    _wait_until_done(warehouse)
    _sell(sandbox, SALES)
    return _wait_until_done(warehouse)


def _wait_until_done(warehouse: Warehouse) -> float:
    began = time.monotonic()
    while ask_for_news(warehouse).sources or plan_for(warehouse, "sales").reasons:
        if time.monotonic() > began + GIVEN_UP_AFTER:
            raise RuntimeError("the hub did not come to an end with the sales")
        time.sleep(0.5)
    return time.monotonic() - began


def _sleep_until_a_busy_morning(sandbox: str) -> None:
    now = httpx.get(f"{sandbox}/sandbox/clock", timeout=60).raise_for_status().json()["now"]
    morning = datetime.fromisoformat(now).astimezone(UTC).replace(**MORNING) + timedelta(days=1)
    while morning.weekday() not in BUSY_WEEKDAYS:
        morning += timedelta(days=1)
    to = {"to": morning.isoformat()}
    httpx.post(f"{sandbox}/sandbox/advance", json=to, timeout=60).raise_for_status()


def _sell(sandbox: str, sales: int) -> None:
    sold = 0
    while sold < sales:
        sold += sell_for(900, sandbox)


def _idle_percent(seconds: float) -> float:
    time.sleep(seconds / 2)  # what was started settles
    before = _ticks()
    time.sleep(seconds)
    spent = sum(ticks - before.get(pid, ticks) for pid, ticks in _ticks().items())
    return 100 * spent / os.sysconf("SC_CLK_TCK") / seconds


def _ticks() -> dict[int, int]:
    """Work of each process that is to be idle, by its number."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            stat = (process / "stat").read_text().rpartition(")")[2].split()
            is_ours = str(os.environ["HUB_HOME"]) in (process / "environ").read_text()
        except OSError:
            continue
        if is_ours and any(each in command for each in IDLE):
            found[int(process.name)] = int(stat[11]) + int(stat[12])
    return found


def _stop_the_daemon() -> None:
    for pid in _ticks():
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"dagster-daemon" in command:
            os.kill(pid, 15)
